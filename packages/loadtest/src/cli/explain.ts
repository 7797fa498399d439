/** What is wrong with a call, in one sentence and in the words of the command line. Pure. */
import type * as CliError from "effect/cli/CliError"

import type * as Plan from "../Plan.ts"

/** What people type for a field of the plan. */
const flags: Readonly<Record<string, string | undefined>> = {
  url: "URL",
  targets: "URL",
  method: "--method",
  headers: "--header",
  body: "--body",
  expectStatus: "--expect-status",
  expectBody: "--expect-body",
  requests: "--requests",
  duration: "--duration",
  connections: "--connections",
  keepAlive: "--no-keepalive",
  pipelining: "--pipelining",
  rate: "--rate",
  stages: "--stages",
  arrivals: "--arrivals",
  seed: "--seed",
  pacing: "--pacing",
  threads: "--threads",
  timeout: "--timeout",
  grace: "--grace",
  warmup: "--warmup",
  deadline: undefined,
  bail: "--bail",
  thresholds: "--threshold",
  socketPath: "--socket",
  tls: "TLS (--insecure, --ca, --cert, --key)",
} satisfies Record<Plan.Field, string | undefined>

/** The sentence of an `InvalidPlan`, with the flag in place of the field. */
export const plan = ({ field, message }: Plan.InvalidPlan): string => {
  const flag = Object.hasOwn(flags, field) ? flags[field] : undefined
  if (flag === undefined || !message.startsWith(`${field} `)) return message
  return flag + message.slice(field.length).replace(/^ \[\d+\] (?:url|headers)/, "")
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()

/** Flags of other programs that stand for something else, or for nothing, here. */
const foreign: Readonly<Record<string, string>> = {
  "-t": "-d 10s limits the time, --timeout one request, -w gives threads",
  "-r": "-R gives a rate",
  "-a": "-n gives the number of requests",
  "--concurrency": "-c gives the connections",
  "--max-requests": "-n gives the number of requests",
  "--maxRequests": "-n gives the number of requests",
  "--maxSeconds": "-d gives the time",
  "--amount": "-n gives the number of requests",
  "--workers": "-w gives threads",
  "--count": "-c gives the connections; manyload quick takes artillery's flags",
  "--latency": "the percentiles are always shown",
  "--overallRate": "-R gives the rate",
  "--renderStatusCodes": "the statuses are always shown",
  "-z": "-d gives the time",
}

/** What a search chooses itself. */
const found = "the search chooses it; --from gives the first rate, --probe the time of each"
const chosen: Readonly<Record<string, string>> = {
  "-R": found,
  "--rate": found,
  "--rps": found,
  "-d": found,
  "--duration": found,
  "-n": found,
  "--requests": found,
}

const hintOf = ({ command, option, suggestions }: CliError.UnrecognizedOption) => {
  const known = command?.includes("find") === true ? { ...foreign, ...chosen } : foreign
  if (Object.hasOwn(known, option)) return known[option]
  // One letter looks like any other.
  const [near] = suggestions
  return near?.startsWith("--") === true && option.startsWith("--") ? `try ${near}` : undefined
}

/** The parser's errors, which take several lines of their own, in one sentence. */
export const parser = (error: CliError.CliError): string => {
  switch (error._tag) {
    case "ShowHelp": {
      const [first] = error.errors
      return first === undefined ? "this call is not complete" : parser(first)
    }
    case "UnrecognizedOption": {
      const hint = hintOf(error)
      return `${error.option} is not a flag of ${error.command?.join(" ") ?? "manyload"}${hint === undefined ? "" : `: ${hint}`}`
    }
    case "InvalidValue": {
      if (error.value === "") return `--${error.option} needs a value`
      if (error.option === "csv") {
        return `--csv must be summary or series, got ${JSON.stringify(error.value)}`
      }
      const twice = /^(\d+) occurrences$/.exec(error.value)
      if (twice !== null) return `--${error.option} is there ${twice[1]} times: give it once`
      const needs = /number|integer/i.test(error.expected) ? "a whole number" : error.expected
      return `--${error.option} must be ${oneLine(needs)}, got ${JSON.stringify(error.value)}`
    }
    case "UnexpectedArgument":
      return `there is no place for ${error.arguments.map((value) => JSON.stringify(value)).join(", ")}`
    default:
      return oneLine(error.message)
  }
}
