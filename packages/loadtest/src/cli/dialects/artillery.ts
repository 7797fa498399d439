/**
 * The command line of `artillery quick` as ours. Its users come all at once, each with a connection
 * of its own and `--num` requests one after the other: `--count` connections, that many requests
 * each. With the `--rate` of its first version they come at that rate instead: an open model. Pure.
 */
import * as Result from "effect/Result"

import * as Getopt from "./getopt.ts"

const spec: Getopt.Spec = {
  count: "how many users",
  c: "how many users",
  num: "how many requests of each user",
  n: "how many requests of each user",
  output: "a file",
  o: "a file",
  insecure: "",
  k: "",
  quiet: "",
  q: "",
  "content-type": "a content type",
  t: "a content type",
  rate: "users per second",
  r: "users per second",
  duration: "seconds",
  d: "seconds",
  help: "",
  h: "",
}

const load = (parsed: Getopt.Parsed): Result.Result<ReadonlyArray<string>, string> => {
  const number = (fallback: string, ...names: ReadonlyArray<string>) => {
    const text = Getopt.last(parsed, ...names) ?? fallback
    const value = /^\d+$/.test(text) ? Number(text) : 0
    return value > 0
      ? Result.succeed(value)
      : Result.fail(
          `--${names[0]} must be a whole number of at least 1, got ${JSON.stringify(text)}`,
        )
  }
  return Result.gen(function* () {
    const num = yield* number("10", "num", "n")
    if (Getopt.last(parsed, "rate", "r") === undefined) {
      const count = yield* number("10", "count", "c")
      return [`--requests=${count * num}`, `--connections=${count}`]
    }
    const rate = yield* number("1", "rate", "r")
    const duration = yield* number("1", "duration", "d")
    return [`--rate=${rate * num}`, `--duration=${duration}s`]
  })
}

/** The same call in our words, or what is wrong with it. */
export const translate = (
  args: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<string>, string> =>
  Result.gen(function* () {
    const parsed = yield* Getopt.parse("artillery quick", spec, args)
    const has = (...names: ReadonlyArray<string>): boolean =>
      Getopt.last(parsed, ...names) !== undefined
    if (has("help", "h")) return ["--help"]
    const output = Getopt.last(parsed, "output", "o")
    const type = Getopt.last(parsed, "content-type", "t")
    return [
      ...(yield* load(parsed)),
      ...(output === undefined ? [] : [`--out=${output}`]),
      ...(type === undefined ? [] : [`--content-type=${type}`]),
      ...(has("insecure", "k") ? ["--insecure"] : []),
      ...(has("quiet", "q") ? ["--quiet"] : []),
      ...parsed.operands,
    ]
  })
