/** What a case does with its target, and what it measures. */
import type { Case } from "@manycore/bench"
import { Condition } from "@manycore/testkit"
import { Effect, Schema } from "effect"

import * as client from "./client.ts"
import type { Target } from "./Target.ts"
import { Kill, kill, Reload, reload } from "./works/changes.ts"
import { CrashLoop, crashLoop } from "./works/crashLoop.ts"
import { Replace, replace } from "./works/replace.ts"
import {
  Blocking,
  blocking,
  Fairness,
  fairness,
  InTurns,
  inTurns,
  Throughput,
  throughput,
} from "./works/throughput.ts"

export const Work = Schema.Struct({
  workers: Schema.Int,
  program: Schema.Literals(["plain", "behaved"]),
  work: Schema.Union([Throughput, InTurns, Blocking, Fairness, Reload, Kill, Replace, CrashLoop]),
})
export type Work = typeof Work.Type

/** What a case may need besides its target. */
export interface Beside {
  /** A bare primary. */
  readonly raw: Target | undefined
  readonly turnOff: Effect.Effect<void>
}

export const measure = (
  target: Target,
  { work }: Work,
  { raw, turnOff }: Beside,
): Effect.Effect<ReadonlyArray<Case.Measurement>, unknown> => {
  switch (work._tag) {
    case "Throughput": {
      return throughput(target, work)
    }
    case "InTurns": {
      if (raw === undefined) throw new Error("there is nobody to compare with")
      return inTurns(target, raw, work)
    }
    case "Blocking": {
      return blocking(target, work)
    }
    case "Fairness": {
      return fairness(target, work)
    }
    case "Reload": {
      return reload(target, work)
    }
    case "Kill": {
      return kill(target, work)
    }
    case "Replace": {
      return replace(target)
    }
    case "CrashLoop": {
      return crashLoop(target, work, turnOff)
    }
  }
}

/** Every worker answers, whether connections are kept or not. */
export const check = ({ port }: Target, { work, workers }: Work) =>
  Effect.gen(function* () {
    if (work._tag === "CrashLoop") return true
    for (const keepAlive of [true, false]) {
      const answered = new Set<string>()
      const ask = Effect.promise(async () => {
        const options = { port, connections: 20, keepAlive, duration: 50 }
        for (const name of (await client.closed(options)).byWorker.keys()) answered.add(name)
      })
      yield* Condition.until(
        "every worker answers",
        () => Effect.map(ask, () => answered.size === workers),
        { deadline: "10 seconds", state: () => [...answered].join() },
      )
    }
    return true
  })
