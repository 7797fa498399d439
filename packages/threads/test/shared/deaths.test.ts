/**
 * Threads that are killed wherever they happen to be: what is shared goes on. Which moment it is differs
 * from run to run, on purpose; what must hold afterwards does not.
 */
import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { SharedCounter, SharedMutex, SharedRing, SharedSemaphore } from "@manycore/threads"
import { Effect } from "effect"

import { messageOf } from "../fixtures/sharedJobs.ts"
import * as Thread from "./thread.ts"

const endless = Number.MAX_SAFE_INTEGER

const grows = (what: string, value: () => number) =>
  Effect.suspend(() => {
    const before = value()
    return Condition.until(what, () => value() > before, { deadline: "20 seconds" })
  })

describe("threads killed at any moment", () => {
  it.live("leave a lock that others go on taking", () =>
    Effect.gen(function* () {
      const mutex = SharedMutex.make({ whenHolderDies: "pass" })
      const start = (isAsync: boolean) => {
        const cells = new SharedArrayBuffer(4)
        const adds = grows("it adds", () => Atomics.load(new Int32Array(cells), 0))
        const job = { do: "addUnderLock", mutex, cells, times: endless, async: isAsync } as const
        return Effect.map(Thread.start(job), (thread) => ({ ...thread, adds }))
      }
      const survivor = yield* start(false)
      for (let round = 0; round < 12; round++) {
        const victim = yield* start(round % 3 === 0)
        yield* victim.adds
        yield* victim.terminate
        yield* survivor.adds
      }
    }).pipe(Effect.scoped),
  )

  it.live("leave all permits of a semaphore", () =>
    Effect.gen(function* () {
      const semaphore = SharedSemaphore.make(2)
      const inside = SharedCounter.make()
      const job = { do: "permits", semaphore, inside, times: endless } as const
      for (let round = 0; round < 8; round++) {
        const victims = yield* Effect.all([Thread.start(job), Thread.start(job), Thread.start(job)])
        const isTaken = () => SharedSemaphore.available(semaphore) < 2
        yield* Condition.until("a thread is inside", isTaken, { every: 1, deadline: "20 seconds" })
        yield* Effect.repeat(SharedSemaphore.withPermit(semaphore)(Effect.void), { times: 20 })
        yield* Effect.forEach(victims, (victim) => victim.terminate, { concurrency: 3 })
        assert.strictEqual(SharedSemaphore.available(semaphore), 2)
      }
    }).pipe(Effect.scoped),
  )

  it.live("leave whole messages in a ring, none twice, and its reader is told", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 8; round++) {
        const ring = SharedRing.make(512)
        const job = { do: "write", ring, count: endless, bytes: 60, close: false } as const
        const writer = yield* Thread.start(job)
        // At least one, so that it is the writer.
        const count = 1 + 50 * round
        for (let i = 0; i < count; i++) {
          assert.deepStrictEqual(yield* SharedRing.read(ring), messageOf(i, 60))
        }
        yield* writer.terminate
        let i = count
        for (;;) {
          const next = yield* Effect.exit(SharedRing.read(ring))
          if (next._tag === "Failure") break
          assert.deepStrictEqual(next.value, messageOf(i++, 60))
        }
        const end = yield* Effect.flip(SharedRing.read(ring))
        assert.deepInclude(end.reason, { _tag: "HolderDied", threadId: writer.threadId })
      }
    }).pipe(Effect.scoped),
  )
})
