/**
 * The command line of a bench program. Pure: printing and exit codes are `Bench`'s.
 *
 * @since 0.1.0
 */
import { parseArgs } from "node:util"

/** @category models */
export type Arguments =
  | {
      readonly _tag: "Run"
      readonly rounds: number
      /** Substrings of workload names; empty means all. */
      readonly only: ReadonlyArray<string>
      readonly json: boolean
    }
  | { readonly _tag: "Help" }
  | { readonly _tag: "Bad"; readonly sentence: string }

const bad = (sentence: string): Arguments => ({ _tag: "Bad", sentence })

/** `parseArgs` explains at length; its first sentence is enough. */
const firstSentence = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error)
  const sentence = text.split(/\. |\n/)[0] ?? text
  return sentence.endsWith(".") ? sentence : `${sentence}.`
}

/**
 * Reads what follows the program's name. A leading `--`, which pnpm passes on, is dropped.
 *
 * @since 0.1.0
 */
export const parse = (args: ReadonlyArray<string>): Arguments => {
  const given = args[0] === "--" ? args.slice(1) : [...args]
  try {
    const { values } = parseArgs({
      args: given,
      options: {
        rounds: { type: "string", default: "3" },
        only: { type: "string", multiple: true, default: [] },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    })
    if (values.help) return { _tag: "Help" }
    if (!/^[1-9]\d{0,3}$/.test(values.rounds)) {
      return bad(`--rounds takes a whole number from 1 to 9999, not "${values.rounds}".`)
    }
    return { _tag: "Run", rounds: Number(values.rounds), only: values.only, json: values.json }
  } catch (error) {
    return bad(firstSentence(error))
  }
}

/**
 * The text of `--help`.
 *
 * @since 0.1.0
 */
export const help = (name: string, workloads: ReadonlyArray<string>): string => `Benches of ${name}.

Usage: pnpm --filter ${name} bench [-- options]

Options:
  --rounds N       rounds per case, each in a fresh process (default 3)
  --only WORKLOAD  only workloads whose name contains WORKLOAD (may be repeated)
  --json           print one JSON document { environment, rows } and nothing else on stdout
  -h, --help       print this

Examples:
  pnpm --filter ${name} bench
  pnpm --filter ${name} bench -- --only "${workloads[0] ?? "small"}" --rounds 5
  pnpm --silent --filter ${name} bench -- --json > bench.json

Workloads:
${workloads.map((workload) => `  ${workload}`).join("\n")}
`
