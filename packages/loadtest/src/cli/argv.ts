/** The command line before the parser sees it: dialects, attached values, what follows `--`. Pure. */
import * as Result from "effect/Result"

import * as Ab from "./dialects/ab.ts"
import * as Artillery from "./dialects/artillery.ts"

export interface CommandLine {
  /** For the parser. */
  readonly args: ReadonlyArray<string>
  /** What follows `--`; `undefined` without one. */
  readonly command: ReadonlyArray<string> | undefined
}

/** Flags whose value may begin with a dash, as a text or a header may. */
const texts: ReadonlySet<string> = new Set(["-b", "--body", "-H", "--header", "--expect-body"])

/** The numbers that people attach to their letters, `-c50`, as ab, wrk and hey allow. */
const attached = /^-([ncdRwp])(\d.*)$/

const normalize = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const result: Array<string> = []
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? ""
    const next = args[i + 1]
    const match = attached.exec(arg)
    if (match !== null) result.push(`-${match[1]}`, match[2] ?? "")
    else if (texts.has(arg) && next !== undefined) {
      result.push(`${arg}=${next}`)
      i += 1
    } else result.push(arg)
  }
  return result
}

/** `manyload ab …` and `manyload quick …` (also `-quick`) speak like those programs. */
const dialects: Readonly<Record<string, (typeof Ab)["translate"]>> = {
  ab: Ab.translate,
  quick: Artillery.translate,
  "-quick": Artillery.translate,
  "--quick": Artillery.translate,
}

/** Reads `process.argv` without its first two; fails with a sentence. */
export const read = (argv: ReadonlyArray<string>): Result.Result<CommandLine, string> => {
  const end = argv.indexOf("--")
  const own = end === -1 ? argv : argv.slice(0, end)
  const command = end === -1 ? undefined : argv.slice(end + 1)
  const [first = ""] = own
  if (first === "help") return Result.succeed({ args: [...own.slice(1), "--help"], command })
  const translate = Object.hasOwn(dialects, first) ? dialects[first] : undefined
  return Result.map(
    translate === undefined ? Result.succeed(normalize(own)) : translate(own.slice(1)),
    (args) => ({ args, command }),
  )
}
