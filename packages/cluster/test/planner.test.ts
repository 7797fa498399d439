import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

import type { LifeState } from "../src/internal/fleet/Life.ts"
import { type Limits, plan, type PlanSlot, type View } from "../src/internal/fleet/planner.ts"

const oldOne = 1
const newOne = 2
let serial = 0

const slot = (id: number, ...processes: ReadonlyArray<readonly [number, LifeState]>): PlanSlot => ({
  id,
  isSettled: false,
  processes: processes.map(([generation, state]) => ({ serial: ++serial, generation, state })),
})

const view = (limits: Limits, ...slots: ReadonlyArray<PlanSlot>): View => ({
  target: newOne,
  limits,
  slots,
})

const serialOf = (given: PlanSlot, generation: number) =>
  given.processes.find((process) => process.generation === generation)?.serial ?? 0

describe("planner", () => {
  it("with surge 1 forks one beside the old ones, and retires none", () => {
    const slots = [slot(1, [oldOne, "ready"]), slot(2, [oldOne, "ready"])]
    const next = plan(view({ surge: 1, unavailable: 0 }, ...slots))
    assert.deepStrictEqual(next, { fork: [1], retire: [], isComplete: false })
  })

  it("retires the old one when the new one is ready, and waits until it has gone", () => {
    const first = slot(1, [oldOne, "ready"], [newOne, "ready"])
    const second = slot(2, [oldOne, "ready"])
    const next = plan(view({ surge: 1, unavailable: 0 }, first, second))
    assert.deepStrictEqual(next, {
      fork: [],
      retire: [serialOf(first, oldOne)],
      isComplete: false,
    })
    const draining = slot(1, [oldOne, "draining"], [newOne, "ready"])
    assert.deepStrictEqual(plan(view({ surge: 1, unavailable: 0 }, draining, second)).fork, [])
    const gone = slot(1, [newOne, "ready"])
    assert.deepStrictEqual(plan(view({ surge: 1, unavailable: 0 }, gone, second)).fork, [2])
  })

  it("with surge 0 retires one first", () => {
    const slots = [slot(1, [oldOne, "ready"]), slot(2, [oldOne, "ready"])]
    const next = plan(view({ surge: 0, unavailable: 1 }, ...slots))
    assert.deepStrictEqual(next.fork, [])
    assert.deepStrictEqual(next.retire, [slots[0] === undefined ? 0 : serialOf(slots[0], oldOne)])
  })

  it("fills an empty place at once, and is complete when only new ones are ready", () => {
    assert.deepStrictEqual(plan(view({ surge: 0, unavailable: 1 }, slot(1))).fork, [1])
    assert.isTrue(plan(view({ surge: 1, unavailable: 0 }, slot(1, [newOne, "ready"]))).isComplete)
    assert.isFalse(
      plan(view({ surge: 1, unavailable: 0 }, slot(1, [newOne, "starting"]))).isComplete,
    )
    assert.isFalse(
      plan(view({ surge: 1, unavailable: 0 }, slot(1, [newOne, "ready"], [oldOne, "terminating"])))
        .isComplete,
    )
  })

  const State = Schema.Literals(["starting", "ready", "draining", "terminating", "killed"])
  const Process = Schema.Struct({ generation: Schema.Literals([oldOne, newOne]), state: State })
  const Places = Schema.Array(Schema.Array(Process).check(Schema.isMaxLength(2))).check(
    Schema.isMaxLength(12),
  )
  const Limit = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 }))
  it.prop(
    "whatever it finds: it never plans beyond the limits",
    [Places, Limit, Limit],
    ([places, surge, unavailable]) => {
      const slots = places.map((processes, id): PlanSlot => ({
        id,
        isSettled: false,
        processes: processes.map((process) => ({ ...process, serial: ++serial })),
      }))
      const all = slots.flatMap(({ processes }) => processes)
      const next = plan({ target: newOne, limits: { surge, unavailable }, slots })
      const live = all.length + next.fork.length
      if (next.fork.length > 0) assert.isAtMost(live, slots.length + surge)
      const readyBefore = all.filter(({ state }) => state === "ready").length
      const goes = all.filter((process) => next.retire.includes(process.serial))
      const readyGoes = goes.filter(({ state }) => state === "ready").length
      if (readyGoes > 0) assert.isAtLeast(readyBefore - readyGoes, slots.length - unavailable)
      assert.strictEqual(new Set(next.retire).size, next.retire.length, "nobody goes twice")
      for (const process of goes) assert.strictEqual(process.generation, oldOne)
      if (next.isComplete) assert.isEmpty([...next.fork, ...next.retire])
    },
  )
})
