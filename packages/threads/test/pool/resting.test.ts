/** A thread waits for its next task on a word of its memory: nobody's messages and timers are missed by that. */
import { once } from "node:events"
import { Worker } from "node:worker_threads"

import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { createPool } from "@manycore/threads/promise"

import * as Words from "../../src/internal/core/Words.ts"
import { left } from "../fixtures/resting.tasks.ts"

const filename = new URL("../fixtures/resting.tasks.ts", import.meta.url)
const words = new URL("../../src/internal/core/Words.ts", import.meta.url)

/** Longer than any test may take. */
const forever = 600_000

/** A thread that says that it rests, and ends when it is woken. */
const rests = `
  import { parentPort, workerData } from "node:worker_threads"
  const words = await import(workerData.words)
  words.prepareRest(workerData.memory)
  parentPort.postMessage("resting")
  words.rest(workerData.memory, ${forever})
`

describe("a thread that rests", () => {
  it("is woken by what is sent", async () => {
    const memory = Words.makeWords()
    const code = new URL(`data:text/javascript,${encodeURIComponent(rests)}`)
    const worker = new Worker(code, { workerData: { memory, words: words.href } })
    const exited = once(worker, "exit")
    await once(worker, "message")
    Words.wake(memory)
    assert.deepStrictEqual(await exited, [0])
  })

  it("does not begin to when something was sent since it looked", () => {
    const memory = Words.makeWords()
    Words.prepareRest(memory)
    Words.wake(memory)
    assert.strictEqual(Words.rest(memory, forever), "not-equal")
  })

  it("does what tasks have left behind, while others come one by one and when none comes", async () => {
    const pool = createPool({ filename, size: 1 })
    const cells = new Int32Array(new SharedArrayBuffer(4 * left.length))
    await pool.run(cells, { name: "leaves" })
    const last = left.length - 1
    const count = () => Atomics.load(cells, last)
    await Condition.untilPromise("the timer goes on between tasks", async () => {
      await pool.run(undefined, { name: "nothing" })
      return count() >= 10
    })
    const before = count()
    await Condition.untilPromise("all is done, and the timer goes on", () =>
      left.every((_, i) => (i === last ? count() >= before + 10 : Atomics.load(cells, i) === 1)),
    )
    await pool.close()
    assert.deepStrictEqual(pool.stats().threads, [])
  })
})
