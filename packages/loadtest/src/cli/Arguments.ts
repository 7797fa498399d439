/** What people type, turned into a plan; and what is wrong with it, in their words. Pure. */
import { Result } from "effect"
import type { CliError } from "effect/cli"

import type * as Plan from "../Plan.ts"

/** The flag that sets a field of the plan. */
const flags: Readonly<Record<string, string>> = {
  url: "URL",
  method: "--method",
  headers: "--header",
  requests: "--requests",
  duration: "--duration",
  connections: "--connections",
  keepAlive: "--no-keepalive",
  timeout: "--timeout",
} satisfies Partial<Record<Plan.Field, string>>

/** The sentence of an `InvalidPlan`, with the flag in place of the field. */
export const explain = (problem: Plan.InvalidPlan): string => {
  const flag = flags[problem.field]
  return flag === undefined || !problem.message.startsWith(`${problem.field} `)
    ? problem.message
    : `${flag}${problem.message.slice(problem.field.length)}`
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()

/** The parser's errors, which take several lines of their own, in one sentence. */
export const explainParser = (error: CliError.CliError): string => {
  switch (error._tag) {
    case "ShowHelp": {
      const first = error.errors[0]
      return first === undefined ? "this call is not complete" : explainParser(first)
    }
    case "UnrecognizedOption": {
      const hint = error.suggestions[0]
      return `${error.option} is not a flag of manyload${hint === undefined ? "" : `: try ${hint}`}`
    }
    case "InvalidValue":
      return error.value === ""
        ? `--${error.option} needs a value`
        : `--${error.option} must be a whole number, got ${JSON.stringify(error.value)}`
    case "UnexpectedArgument":
      return `URL must be one address, got also ${error.arguments.map((value) => JSON.stringify(value)).join(", ")}`
    default:
      return oneLine(error.message)
  }
}

/** `-c50` is a habit of ab's and wrk's: the parser wants `-c 50`. */
export const splitAttached = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const end = args.indexOf("--")
  return args.flatMap((arg, index) => {
    const match = end !== -1 && index > end ? null : /^-([ncd])(\d.*)$/.exec(arg)
    return match === null ? [arg] : [`-${match[1]}`, match[2] ?? ""]
  })
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `10s`, `500ms`, `2m`, `1h`; a bare number is seconds, as everywhere else on command lines. In ms. */
export const parseTime = (flag: string, given: string): Result.Result<number, string> => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(given)
  return match === null
    ? Result.fail(`${flag} must be a time such as 10s, 500ms or 2m, got ${JSON.stringify(given)}`)
    : Result.succeed(Number(match[1]) * (units[match[2] ?? "s"] ?? 1000))
}

/** `Name: value` lines; a name given twice is sent twice. */
export const parseHeaders = (
  lines: ReadonlyArray<string>,
): Result.Result<Record<string, string | Array<string>>, string> => {
  const headers = new Map<string, { name: string; values: Array<string> }>()
  for (const line of lines) {
    const colon = line.indexOf(":")
    if (colon < 1) {
      return Result.fail(
        `--header must look like "Accept: text/plain", got ${JSON.stringify(line)}`,
      )
    }
    const name = line.slice(0, colon).trim()
    const value = line.slice(colon + 1).trim()
    const seen = headers.get(name.toLowerCase())
    if (seen === undefined) headers.set(name.toLowerCase(), { name, values: [value] })
    else seen.values.push(value)
  }
  return Result.succeed(
    Object.fromEntries(
      [...headers.values()].map(({ name, values }) => [
        name,
        values.length === 1 ? (values[0] ?? "") : values,
      ]),
    ),
  )
}
