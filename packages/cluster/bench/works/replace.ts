/**
 * How long a killed worker is missed. One client asks without a pause, each time on a new connection and
 * never longer than `patience`: so nobody's lost requests lighten the load under which others start theirs.
 */
import type { Case } from "@manycore/bench"
import { Effect, Schema } from "effect"

import * as client from "../client.ts"
import { type Target, workersOf } from "../Target.ts"

/** Each worker is killed once: a second time, it would wait on purpose. */
export const Replace = Schema.TaggedStruct("Replace", {})

/** ms for one answer. */
const patience = 20
/** ms for a replacement. */
const deadline = 10_000

/** When the first answer has come of a worker that is not known. */
const firstOf = async (port: number, known: ReadonlySet<string>): Promise<number> => {
  const until = performance.now() + deadline
  while (performance.now() < until) {
    const name = await client.answeredBy(port, patience)
    if (name !== undefined && !known.has(name)) return performance.now()
  }
  throw new Error("no replacement has served")
}

export const replace = (target: Target) =>
  Effect.promise(async (): Promise<ReadonlyArray<Case.Measurement>> => {
    const delays: Array<number> = []
    for (const victim of workersOf(target)) {
      const known = new Set(workersOf(target).map(String))
      const at = performance.now()
      process.kill(victim, "SIGKILL")
      delays.push((await firstOf(target.port, known)) - at)
    }
    const sorted = delays.toSorted((a, b) => a - b)
    const value = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
    return [{ metric: "replacement serves after", unit: "ms", value }]
  })
