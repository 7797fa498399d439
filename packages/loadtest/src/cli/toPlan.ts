/** What people type, turned into a plan, or a sentence on what is wrong with it. Pure. */
import * as Option from "effect/Option"
import * as Result from "effect/Result"

import * as Units from "../internal/Units.ts"
import type * as Plan from "../Plan.ts"

/** The flags of a plan as they were parsed; files are read already. */
export interface Input {
  readonly urls: ReadonlyArray<string>
  readonly method: Option.Option<string>
  readonly headers: ReadonlyArray<string>
  readonly body: Option.Option<string>
  readonly contentType: Option.Option<string>
  readonly expectStatus: Option.Option<string>
  readonly expectBody: Option.Option<string>
  readonly connections: Option.Option<number>
  readonly noKeepAlive: boolean
  readonly keepAlive: boolean
  readonly pipelining: Option.Option<number>
  readonly timeout: Option.Option<string>
  readonly insecure: boolean
  readonly socket: Option.Option<string>
  readonly threads: Option.Option<number>
  readonly arrivals: Option.Option<string>
  readonly seed: Option.Option<number>
  readonly pacing: Option.Option<string>
  readonly warmup: Option.Option<string>
}

/** The flags of `load`, of which a search has none. */
export interface Load {
  readonly requests: Option.Option<number>
  readonly duration: Option.Option<string>
  readonly grace: Option.Option<string>
  readonly rate: Option.Option<string>
  readonly stages: Option.Option<string>
  readonly bail: Option.Option<number>
  readonly thresholds: ReadonlyArray<string>
}

/** What the flags that name files hold. */
export interface Files {
  readonly body?: Uint8Array | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly ca?: string | undefined
}

/** A plan that `Plan.decode` has not seen. */
export type Unchecked = { readonly [F in Plan.Field]?: unknown }

type Read<A> = Result.Result<A, string>

/** Reads what may be missing. */
export const optional = <A, B>(
  given: Option.Option<A>,
  read: (value: A) => Read<B>,
): Read<B | undefined> => (Option.isNone(given) ? Result.succeed(undefined) : read(given.value))

/** `10s`, `500ms`, `2m`, `1h`; a bare number is seconds. In ms, and at least `least`. */
export const time =
  (flag: string, least = 0) =>
  (given: string): Read<number> => {
    const ms = Units.time(given)
    const needs =
      ms === undefined
        ? "a time such as 10s, 500ms or 2m"
        : ms < least
          ? `at least ${least}ms`
          : undefined
    return ms === undefined || needs !== undefined
      ? Result.fail(`${flag} must be ${needs}, got ${JSON.stringify(given)}`)
      : Result.succeed(ms)
  }

/** `200`, `0.5`, `5k`, and `200/s`. Per second. */
export const rate =
  (flag: string) =>
  (given: string): Read<number> => {
    const match = /^(\d+(?:\.\d+)?)(k?)(?:\/s)?$/.exec(given)
    return match === null
      ? Result.fail(
          `${flag} must be a number of requests per second such as 200 or 5k, got ${JSON.stringify(given)}`,
        )
      : Result.succeed(Number(match[1]) * (match[2] === "k" ? 1000 : 1))
  }

/** `30s:100,1m:1000` */
export const stages = (
  given: string,
): Read<ReadonlyArray<{ readonly duration: number; readonly rate: number }>> => {
  const read = given.split(",").map((stage) => {
    const [span = "", goal = "", ...more] = stage.trim().split(":")
    const duration = Units.time(span)
    const reached = rate("--stages")(goal)
    return duration === undefined || duration < 1 || Result.isFailure(reached) || more.length > 0
      ? undefined
      : { duration, rate: reached.success }
  })
  const good = read.filter((stage) => stage !== undefined)
  return good.length < read.length
    ? Result.fail(
        `--stages must be a list of time:rate such as 30s:100,1m:1000, got ${JSON.stringify(given)}`,
      )
    : Result.succeed(good)
}

const status = (one: string): number | string => (one.endsWith("x") ? one : Number(one))

/** `200,404,3xx` */
export const statuses = (given: string): Read<ReadonlyArray<number | string>> => {
  const [first = "", ...rest] = given.split(",").map((one) => one.trim().toLowerCase())
  const wrong = [first, ...rest].find((one) => !/^[1-5](?:\d\d|xx)$/.test(one))
  return wrong === undefined
    ? Result.succeed([first, ...rest].map(status))
    : Result.fail(
        `--expect-status must be a list of statuses such as 200,404,3xx, got ${JSON.stringify(given)}`,
      )
}

/** `Name: value` lines; a name given twice is sent twice. */
export const headers = (
  lines: ReadonlyArray<string>,
): Read<Record<string, string | Array<string>>> => {
  const found = new Map<string, { name: string; values: Array<string> }>()
  for (const line of lines) {
    const colon = line.indexOf(":")
    if (colon < 1) {
      return Result.fail(
        `--header must look like "Accept: text/plain", got ${JSON.stringify(line)}`,
      )
    }
    const name = line.slice(0, colon).trim()
    const value = line.slice(colon + 1).trim()
    const seen = found.get(name.toLowerCase())
    if (seen === undefined) found.set(name.toLowerCase(), { name, values: [value] })
    else seen.values.push(value)
  }
  return Result.succeed(
    Object.fromEntries(
      [...found.values()].map(({ name, values }) => [
        name,
        values.length === 1 ? (values[0] ?? "") : values,
      ]),
    ),
  )
}

/** A URL, with a weight in front when it has one: `3:http://a/`. */
export const target = (given: string): { readonly url: string; readonly weight?: number } => {
  const match = /^(\d+(?:\.\d+)?):(.*)$/s.exec(given)
  return match === null ? { url: given } : { url: match[2] ?? "", weight: Number(match[1]) }
}

/** One address is the plan's `url`; several, or one with a weight, are its `targets`. */
const where = (urls: ReadonlyArray<string>): Read<Pick<Unchecked, "url" | "targets">> => {
  const [first, ...rest] = urls.map(target)
  if (first === undefined) {
    return Result.fail("URL is missing: try manyload -n 500 -c 50 http://127.0.0.1:3000/fast")
  }
  const wrong = [first, ...rest].find(({ weight = 1 }) => !Number.isInteger(weight) || weight < 1)
  return wrong === undefined
    ? Result.succeed(rest.length === 0 ? { url: first.url } : { targets: [first, ...rest] })
    : Result.fail(
        `the weight in front of a URL must be a whole number of at least 1, got ${JSON.stringify(`${wrong.weight}:${wrong.url}`)}`,
      )
}

/** As text where it is one: a report shows its plan. */
const content = (bytes: Uint8Array): NonNullable<Plan.Input["body"]> => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") }
  }
}

const tls = (input: Input, { ca, cert, key }: Files): Plan.Input["tls"] => {
  const given = {
    ...(input.insecure ? { insecure: true } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
  return Object.keys(given).length === 0 ? undefined : given
}

/** What a plan needs, whatever its load. */
export const request = (input: Input, files: Files): Read<Unchecked> =>
  Result.gen(function* () {
    if (input.noKeepAlive && input.keepAlive) {
      return yield* Result.fail("--no-keepalive and --keepalive exclude each other: choose one")
    }
    if (input.noKeepAlive && Option.getOrElse(input.pipelining, () => 1) > 1) {
      return yield* Result.fail(
        "--pipelining and --no-keepalive exclude each other: a connection of one request has no line",
      )
    }
    if (Option.isSome(input.body) && files.body !== undefined) {
      return yield* Result.fail("--body and --body-file exclude each other: choose one")
    }
    const body = files.body === undefined ? Option.getOrUndefined(input.body) : content(files.body)
    const method = Option.getOrUndefined(input.method)?.toUpperCase()
    const type = Option.getOrUndefined(input.contentType)
    const lines = type === undefined ? [] : [`Content-Type: ${type}`]
    return {
      ...(yield* where(input.urls)),
      method: method ?? (body === undefined ? undefined : "POST"),
      headers: yield* headers([...input.headers, ...lines]),
      body,
      expectStatus: yield* optional(input.expectStatus, statuses),
      expectBody: Option.getOrUndefined(input.expectBody),
      connections: Option.getOrUndefined(input.connections),
      keepAlive: !input.noKeepAlive,
      pipelining: Option.getOrUndefined(input.pipelining),
      timeout: yield* optional(input.timeout, time("--timeout", 1)),
      socketPath: Option.getOrUndefined(input.socket),
      threads: Option.getOrUndefined(input.threads),
      arrivals: Option.getOrUndefined(input.arrivals),
      seed: Option.getOrUndefined(input.seed),
      pacing: Option.getOrUndefined(input.pacing),
      warmup: yield* optional(input.warmup, time("--warmup")),
      tls: tls(input, files),
    }
  })

/** The part of a plan that says how much, how long and how fast. */
export const load = (input: Load): Read<Unchecked> =>
  Result.gen(function* () {
    return {
      requests: Option.getOrUndefined(input.requests),
      duration: yield* optional(input.duration, time("--duration", 1)),
      grace: yield* optional(input.grace, time("--grace")),
      rate: yield* optional(input.rate, rate("--rate")),
      stages: yield* optional(input.stages, stages),
      bail: Option.getOrUndefined(input.bail),
      thresholds: input.thresholds,
    }
  })

/** A plan as a person would write it: without what was not given. */
export const compact = (plan: Unchecked): Unchecked =>
  Object.fromEntries(Object.entries(plan).filter(([, value]) => value !== undefined))
