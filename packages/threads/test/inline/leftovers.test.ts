import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Condition, Program } from "@manycore/testkit"
import { Parallel, SharedCounter, Threads, WebWorker } from "@manycore/threads"
import { Effect, Fiber } from "effect"

/** How many worker threads this process has, as its diagnostic report lists them. */
const workers = (): number => {
  const report: object = process.report.getReport()
  const list: unknown = Reflect.get(report, "workers")
  if (!Array.isArray(list)) throw new Error("the report lists no workers")
  return list.length
}

describe("functions in threads", () => {
  it.live("leave no thread, however they end", () =>
    Effect.gen(function* () {
      const counter = SharedCounter.make()
      yield* Threads.run(() => 1)
      yield* Effect.flip(Threads.run(() => process.exit(1)))
      const spin = yield* Effect.forkChild(
        Threads.run((buffer) => {
          Atomics.add(new BigInt64Array(buffer), 0, 1n)
          for (;;);
        }, counter.buffer),
      )
      yield* Condition.until("it spins", () => SharedCounter.get(counter) === 1)
      assert.strictEqual(workers(), 1)
      yield* Fiber.interrupt(spin)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const threads = yield* Threads.make({ size: 2 })
          yield* Parallel.map(
            [1, 2, 3],
            threads.each((n: number) => n),
          )
          yield* WebWorker.make(() => {
            setInterval(() => {}, 1000)
          })
        }),
      )
      assert.strictEqual(workers(), 0)
    }),
  )

  it.live("keep no process alive", () =>
    Effect.gen(function* () {
      const file = new URL("../fixtures/inlineProgram.ts", import.meta.url)
      const program = yield* Program.start({
        command: process.execPath,
        args: [...process.execArgv, fileURLToPath(file)],
      })
      const exit = yield* Effect.timeout(program.exit, "30 seconds")
      assert.deepStrictEqual(exit, { code: 0, signal: null }, program.diagnostics())
      assert.strictEqual(program.stdout(), "3\n")
    }).pipe(Effect.scoped),
  )
})
