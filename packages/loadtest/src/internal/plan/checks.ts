/** What is wrong with a field of a plan, in one sentence that names it; `undefined` when nothing is. */
import { isText, isToken } from "../framer/bytes.ts"
import { type Headers, quote } from "./codecs.ts"

/** Set by the client itself: given by hand they would contradict the plan or never end a request. */
const framingHeaders: Readonly<Record<string, string>> = {
  connection: "leave it out and set keepAlive instead",
  "content-length": "leave it out, for it is counted from the body",
  "transfer-encoding": "leave it out, for a body is sent with its length",
  upgrade: "leave it out, for connections cannot be upgraded",
  expect: "leave it out, for a body is sent with its head",
}

export const urlProblem = (given: string, name = "url"): string | undefined => {
  const guess = `http://${given}`
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url?.protocol === "http:" || url?.protocol === "https:") return undefined
  return !given.includes("//") && URL.canParse(guess)
    ? `${name} must start with http:// or https://: try ${guess}, got ${quote(given)}`
    : `${name} must be an http:// or https:// address with a port up to 65535, such as http://127.0.0.1:3000/, got ${quote(given)}`
}

// Node's own checks would load the whole of its HTTP client, twice as long as everything here takes.
const consistsOf =
  (table: Uint8Array) =>
  (text: string): boolean =>
    Array.from(text).every((char) => table[char.codePointAt(0) ?? -1] === 1)

const isName = (text: string): boolean => text !== "" && consistsOf(isToken)(text)
const isValue = consistsOf(isText)

export const headersProblem = (headers: Headers, name = "headers"): string | undefined => {
  for (const [header, value] of Object.entries(headers)) {
    const advice = framingHeaders[header.toLowerCase()]
    if (advice !== undefined) return `${name} must not contain ${quote(header)}: ${advice}`
    for (const one of typeof value === "string" ? [value] : value) {
      if (!isName(header) || !isValue(one)) {
        return `${name} must hold valid HTTP names and values, got ${quote(`${header}: ${one}`)}`
      }
    }
  }
  return undefined
}

/** Of the target at `index` of a plan. */
export const targetProblem = (
  target: { readonly url: string; readonly headers?: Headers | undefined },
  index: number,
): string | undefined =>
  urlProblem(target.url, `targets [${index}] url`) ??
  headersProblem(target.headers ?? {}, `targets [${index}] headers`)

/** A field that contradicts another one, and the sentence about it. */
export interface Contradiction {
  readonly field: string
  readonly message: string
}

/** What `contradiction` looks at. */
export interface Fields {
  readonly url?: string | undefined
  readonly targets?: ReadonlyArray<{ readonly url: string; readonly weight: number }> | undefined
  readonly rate?: number | undefined
  readonly stages?: ReadonlyArray<{ readonly rate: number }> | undefined
  readonly arrivals: string
  readonly pacing: string
  readonly keepAlive: boolean
  readonly pipelining: number
  readonly tls?: object | undefined
}

const say = (field: string, message: string): Contradiction => ({ field, message })

/** The first pair of fields that cannot both hold. */
export const contradiction = (plan: Fields): Contradiction | undefined => {
  if (plan.url === undefined && plan.targets === undefined) {
    return say("url", "url is missing: give the address to load, such as http://127.0.0.1:3000/")
  }
  if (plan.url !== undefined && plan.targets !== undefined) {
    return say("targets", "targets and url exclude each other: put the url among the targets")
  }
  const open = plan.rate !== undefined || plan.stages !== undefined
  if (!open && plan.arrivals !== "constant") {
    return say("arrivals", `arrivals "${plan.arrivals}" needs a rate or stages: give one of them`)
  }
  if (!open && plan.pacing !== "sleeping") {
    return say("pacing", `pacing "${plan.pacing}" needs a rate or stages: give one of them`)
  }
  if (plan.stages !== undefined && plan.stages.every((stage) => stage.rate === 0)) {
    return say("stages", "stages must reach a rate above 0 at least once")
  }
  if (plan.pipelining > 1 && !plan.keepAlive) {
    return say("pipelining", "pipelining above 1 needs keepAlive: leave one of them out")
  }
  const urls = plan.targets?.map((target) => target.url) ?? [plan.url ?? ""]
  if (plan.tls !== undefined && !urls.some((url) => url.toLowerCase().startsWith("https:"))) {
    return say("tls", "tls needs an address that starts with https://")
  }
  return undefined
}
