/** A case: a target, and the work of its workload. */
import type { Case } from "@manycore/bench"
import { Effect, Schema } from "effect"

import { type Kind, start } from "./Target.ts"
import { check, measure, Work } from "./works.ts"
import { makeSwitch } from "./works/crashLoop.ts"

export const makeCase =
  (kind: Kind): Case.Make =>
  (context: Case.Context) =>
    Effect.gen(function* () {
      const work = yield* Schema.decodeUnknownEffect(Work)(context.input)
      const { file, turnOff } = yield* makeSwitch
      const env = work.work._tag === "CrashLoop" ? { CRASH: file } : undefined
      const target = yield* start(kind, { ...work, env })
      const raw = work.work._tag === "InTurns" ? yield* start("raw", work) : undefined
      return {
        check: () => check(target, work),
        measure: () => measure(target, work, { raw, turnOff }),
      }
    })
