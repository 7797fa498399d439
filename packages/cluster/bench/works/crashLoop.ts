/** A program that ends itself soon after each start: what its supervision costs, and how it ends. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { Condition, LoadClient } from "@manycore/testkit"
import { Effect, Schema } from "effect"

import { cpuTime, type Target } from "../Target.ts"

export const CrashLoop = Schema.TaggedStruct("CrashLoop", {
  seconds: Schema.Finite,
  /** After so many crashes it gives up, and a restart brings it back. */
  givesUp: Schema.Boolean,
})

/** While this file is there, the program crashes. */
export const makeSwitch = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "crash-loop-"))
    const file = join(folder, "crash")
    writeFileSync(file, "")
    return { file, turnOff: Effect.sync(() => rmSync(file)), folder }
  }),
  ({ folder }) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)

const hasGivenUp = ({ said }: Target) =>
  said().some((told) => typeof told === "object" && told !== null && "gaveUp" in told)

const serves = ({ url }: Target) =>
  Effect.map(
    LoadClient.run({ url, connections: 1, requests: 1, keepAlive: false }),
    ({ ok }) => ok === 1,
  )

export const crashLoop = (
  target: Target,
  work: typeof CrashLoop.Type,
  turnOff: Effect.Effect<void>,
) =>
  Effect.gen(function* () {
    const before = cpuTime(target)
    const began = performance.now()
    let gaveUpAfter = 0
    while (performance.now() - began < work.seconds * 1000) {
      yield* Effect.sleep("50 millis")
      if (gaveUpAfter === 0 && hasGivenUp(target)) gaveUpAfter = performance.now() - began
    }
    const elapsed = performance.now() - began
    const after = cpuTime(target)
    const share = (kind: "primary" | "ended") => ((after[kind] - before[kind]) * 100) / elapsed
    const measured = [
      { metric: "CPU of the primary", unit: "% of a core", value: share("primary") },
      { metric: "CPU of the crashed workers", unit: "% of a core", value: share("ended") },
    ]
    if (!work.givesUp) return measured
    if (gaveUpAfter === 0) throw new Error("it never gave up")
    yield* turnOff
    const at = performance.now()
    if (!(yield* target.restart)) throw new Error("the restart failed")
    yield* Condition.until("it serves again", () => serves(target))
    return [
      ...measured,
      { metric: "gave up after", unit: "s", value: gaveUpAfter / 1000 },
      { metric: "serves after a restart", unit: "ms", value: performance.now() - at },
    ]
  })
