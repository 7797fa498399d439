/** A case: a target, and the work of its workload. */
import type { Case } from "@manycore/bench"
import { Effect, Schema } from "effect"

import { type Kind, start } from "./Target.ts"
import { check, measure, Work } from "./works.ts"

export const makeCase =
  (kind: Kind): Case.Make =>
  (context: Case.Context) =>
    Effect.gen(function* () {
      const work = yield* Schema.decodeUnknownEffect(Work)(context.input)
      const target = yield* start(kind, work.workers)
      return { check: () => check(target, work), measure: () => measure(target, work) }
    })
