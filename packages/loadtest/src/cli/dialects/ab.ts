/** ApacheBench's command line as ours. Pure. */
import * as Result from "effect/Result"

import * as Getopt from "./getopt.ts"

/** ab 2.4's letters; those with a value say what it is. */
const spec: Getopt.Spec = {
  n: "how many requests",
  c: "how many connections",
  t: "seconds",
  s: "seconds",
  k: "",
  H: "a header",
  C: "a cookie, name=value",
  A: "user:password",
  p: "a file",
  u: "a file",
  T: "a content type",
  m: "a method",
  i: "",
  e: "a file",
  q: "",
  E: "a certificate file",
  V: "",
  h: "",
  // How ab prints, and how lenient it is: there is nothing to switch off or on here.
  d: "",
  S: "",
  l: "",
  r: "",
  I: "",
  v: "a verbosity",
  // Known, so that the refusal can say that.
  w: "",
  x: "attributes",
  y: "attributes",
  z: "attributes",
  g: "a file",
  X: "a proxy",
  P: "user:password",
  b: "a size",
  B: "an address",
  f: "a protocol",
  Z: "ciphers",
  R: "milliseconds",
}

const html = ["HTML tables", "--json"] as const

/** What the letter is for, and what comes near it. */
const refused: Readonly<Record<string, readonly [what: string, hint?: string]>> = {
  w: html,
  x: html,
  y: html,
  z: html,
  g: ["a gnuplot file", "--csv=series"],
  X: ["a proxy"],
  P: ["a proxy"],
  b: ["buffer sizes"],
  B: ["a local address"],
  f: ["a choice of the TLS protocol"],
  Z: ["a choice of the TLS ciphers"],
  R: ["a ramp of connections", "--stages"],
}

const withScheme = (url: string): string => (/^[a-z]+:\/\//i.test(url) ? url : `http://${url}`)

const body = (parsed: Getopt.Parsed): ReadonlyArray<string> => {
  const post = Getopt.last(parsed, "p")
  const put = Getopt.last(parsed, "u")
  const file = put ?? post
  return file === undefined
    ? []
    : [
        `--method=${put === undefined ? "POST" : "PUT"}`,
        `--body-file=${file}`,
        `--content-type=${Getopt.last(parsed, "T") ?? "text/plain"}`,
      ]
}

const headers = (parsed: Getopt.Parsed): ReadonlyArray<string> => {
  const cookies = Getopt.all(parsed, "C")
  const login = Getopt.last(parsed, "A")
  return [
    ...Getopt.all(parsed, "H").map((header) => `--header=${header}`),
    ...(cookies.length === 0 ? [] : [`--header=Cookie: ${cookies.join("; ")}`]),
    ...(login === undefined
      ? []
      : [`--header=Authorization: Basic ${Buffer.from(login).toString("base64")}`]),
  ]
}

/** How much: ab sends one request unless told more, and up to 50,000 within a time limit. */
const amount = (parsed: Getopt.Parsed): ReadonlyArray<string> => {
  const limit = Getopt.last(parsed, "t")
  return [
    `--requests=${Getopt.last(parsed, "n") ?? (limit === undefined ? "1" : "50000")}`,
    ...(limit === undefined ? [] : [`--duration=${limit}s`]),
    `--connections=${Getopt.last(parsed, "c") ?? "1"}`,
    `--timeout=${Getopt.last(parsed, "s") ?? "30"}s`,
  ]
}

/** The same call in our words, or what cannot be said in them. */
export const translate = (
  args: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<string>, string> =>
  Result.flatMap(Getopt.parse("ab", spec, args), (parsed) => {
    const has = (letter: string): boolean => Getopt.last(parsed, letter) !== undefined
    if (has("h")) return Result.succeed(["--help"])
    if (has("V")) return Result.succeed(["--version"])
    const no = parsed.options.find(([letter]) => Object.hasOwn(refused, letter))?.[0]
    if (no !== undefined) {
      const [what, hint] = refused[no] ?? []
      const advice = hint === undefined ? "" : `: try ${hint}`
      return Result.fail(`ab's -${no} (${what}) has no counterpart here${advice}`)
    }
    const method = has("i") ? "HEAD" : Getopt.last(parsed, "m")
    const certificate = Getopt.last(parsed, "E")
    const csv = Getopt.last(parsed, "e")
    return Result.succeed([
      ...amount(parsed),
      ...(has("k") ? [] : ["--no-keepalive"]),
      ...body(parsed),
      ...(method === undefined ? [] : [`--method=${method}`]),
      ...headers(parsed),
      ...(certificate === undefined ? [] : [`--cert=${certificate}`, `--key=${certificate}`]),
      ...(csv === undefined ? [] : ["--csv", `--out=${csv}`]),
      ...(has("q") ? ["--no-progress"] : []),
      ...parsed.operands.map(withScheme),
    ])
  })
