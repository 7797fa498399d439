import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { SharedCounter } from "@manycore/threads"
import { createContractPool, createPool, move } from "@manycore/threads/promise"

import { Laws } from "./fixtures/Laws.ts"

const filename = new URL("fixtures/module.tasks.ts", import.meta.url)

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail("it should reject"),
    (error: unknown) => error,
  )

describe("createPool", () => {
  it("runs the functions of a module by name, each task once", async () => {
    const pool = createPool({ filename, size: 2 })
    const sums = await Promise.all(Array.from({ length: 2000 }, (_, a) => pool.run({ a, b: 1 })))
    assert.deepStrictEqual(
      sums,
      Array.from({ length: 2000 }, (_, i) => i + 1),
    )
    const [threadId, isWorker]: [number, boolean] = await pool.run(undefined, { name: "where" })
    assert.isAbove(threadId, 0)
    assert.isTrue(isWorker)
    assert.strictEqual(await pool.run(3, { filename, name: "counts" }), 3)
    assert.deepInclude(pool.stats(), { pending: 0, completed: 2002 })
    await pool.close()
    assert.deepStrictEqual(pool.stats().threads, [])
  })

  it("rejects with what was thrown: class, properties and both stacks", async () => {
    const pool = createPool({ filename, size: 1, name: "fails" })
    const error = await rejection(pool.run("no"))
    assert.instanceOf(error, TypeError)
    assert.strictEqual(error.message, "no")
    assert.strictEqual(Reflect.get(error, "code"), "E_MODULE")
    assert.match(error.stack ?? "", /module\.tasks/)
    assert.match(error.stack ?? "", /promise\.test/)
    const missing = await rejection(pool.run(0, { name: "nope" }))
    assert.match(String(missing), /exports no function nope/)
    await pool.close()
  })

  it("an AbortSignal rejects at once, also for a loop that never ends, and frees the thread", async () => {
    const pool = createPool({ filename, size: 1, grace: 50 })
    for (const name of ["spins", "waits"]) {
      const controller = new AbortController()
      const task = pool.run(undefined, { name, signal: controller.signal })
      const behind = pool.run({ a: 1, b: 1 })
      await Condition.untilPromise("it runs", () => pool.stats().threads[0]?.held === 2)
      controller.abort(new Error("enough"))
      assert.match(String(await rejection(task)), /enough/)
      assert.strictEqual(await behind, 2)
    }
    const aborted = pool.run({ a: 1, b: 1 }, { signal: AbortSignal.abort(new Error("early")) })
    assert.match(String(await rejection(aborted)), /early/)
    await pool.close()
  })

  it("move() moves, progress arrives, drain is emitted", async () => {
    const pool = createPool({ filename, size: 1, queue: { capacity: 2 } })
    const bytes = new Uint8Array([1, 2])
    assert.deepStrictEqual(
      await pool.run(move(bytes), { name: "inverts" }),
      new Uint8Array([254, 253]),
    )
    assert.strictEqual(bytes.byteLength, 0)
    const seen: Array<unknown> = []
    await pool.run(3, { name: "counts", onProgress: (n) => seen.push(n) })
    assert.deepStrictEqual(seen, [1, 2, 3])
    let drained = 0
    pool.on("drain", () => drained++)
    await Promise.all(Array.from({ length: 20 }, () => pool.run(1, { name: "counts" })))
    assert.isAbove(drained, 0)
    await pool[Symbol.asyncDispose]()
  })

  it("a module that is not there is refused at once, and one that does not load stops the pool", async () => {
    assert.throws(
      () => createPool({ filename: new URL("nowhere.ts", import.meta.url) }),
      /there is no thread entry file .*nowhere\.ts/,
    )
    assert.throws(() => createPool({ filename, size: 0 }), /size is 0/)
    const pool = createPool({
      filename: new URL("fixtures/broken.thread.ts", import.meta.url),
      size: 1,
    })
    assert.match(String(await rejection(pool.run())), /this entry is broken/)
    await pool.close()
  })
})

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))

/** A program with a pool that a block closes. */
const source = (hold: string, letGo: string) => `(async () => {
  const { createPool } = await import("@manycore/threads/promise")
  let stats
  {
    ${hold} pool = createPool({ filename: ${JSON.stringify(fixture("piscina.cjs"))}, size: 1 })
    console.log(await pool.run({ a: 4, b: 6 }))
    stats = () => pool.stats()
    ${letGo}
  }
  console.log(stats().threads.length)
})()`

describe("what programs for Piscina and Tinypool do", () => {
  it("worker files in CommonJS, and those that promise their function", async () => {
    const pool = createPool({ filename: fixture("piscina.cjs"), minThreads: 1, maxThreads: 2 })
    assert.strictEqual(await pool.run({ a: 4, b: 6 }), 10)
    assert.strictEqual(await pool.run(4, { name: "double" }), 8)
    assert.strictEqual(await pool.run(4, { filename: fixture("piscinaLater.ts") }), 5)
    assert.strictEqual(pool.queueSize, 0)
    await pool.destroy()
    assert.match(
      String(await rejection(pool.run({ a: 1, b: 1 }))),
      /the pool closed before default had an outcome/,
    )
  })

  it("a queue that is full rejects, where it is told to", async () => {
    const pool = createPool({ filename, size: 1, queue: { capacity: 1, strategy: "fail" } })
    // No thread is ready yet: this one waits.
    const first = pool.run(undefined, { name: "where" })
    const refused = await rejection(pool.run({ a: 1, b: 1 }))
    assert.match(String(refused), /default was refused: 1 tasks wait already/)
    await first
    await pool.close()
  })

  it("await using closes the pool", async () => {
    // Node 22 cannot parse it.
    const isKnown = Number(process.versions.node.split(".")[0]) >= 24
    const program = isKnown
      ? source("await using", "")
      : source("const", "await pool[Symbol.asyncDispose]()")
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@manycore/source", "--eval", program],
      { cwd: fileURLToPath(new URL("..", import.meta.url)) },
    )
    assert.strictEqual(stdout, "10\n0\n")
  })
})

describe("createContractPool", () => {
  it("checks and types the tasks of a contract", async () => {
    const entry = new URL("fixtures/laws.bare.ts", import.meta.url)
    const pool = await createContractPool(Laws, { entry, size: 1 })
    const sum: number = await pool.tasks.Add({ a: 1, b: 2 })
    assert.strictEqual(sum, 3)
    assert.match(String(await rejection(pool.tasks.Add({ a: 0.5, b: 1 }))), /Add was refused/)
    await pool.close()
  })

  it("an aborted task rejects with the signal's reason, a stream ends with it", async () => {
    const entry = new URL("fixtures/laws.bare.ts", import.meta.url)
    const pool = await createContractPool(Laws, { entry, size: 1, grace: 20 })
    const reason = new Error("enough")
    const spinning = SharedCounter.make()
    const controller = new AbortController()
    const spin = pool.tasks.Spin({ counter: spinning }, { signal: controller.signal })
    await Condition.untilPromise("it spins", () => SharedCounter.get(spinning) === 1)
    controller.abort(reason)
    assert.strictEqual(await rejection(spin), reason)
    assert.strictEqual(await rejection(pool.tasks.Add({ a: 1, b: 1 }, controller)), reason)

    const streaming = new AbortController()
    const counter = SharedCounter.make()
    const seen: Array<number> = []
    const read = async () => {
      const { signal } = streaming
      for await (const n of pool.tasks.Numbers({ counter, to: 1_000_000_000 }, { signal })) {
        if (seen.push(n) === 3) streaming.abort(reason)
      }
    }
    assert.strictEqual(await rejection(read()), reason)
    assert.deepStrictEqual(seen.slice(0, 3), [1, 2, 3])
    assert.strictEqual(await pool.tasks.Add({ a: 2, b: 2 }), 4)
    await Condition.untilPromise("nothing is left", () => pool.stats().pending === 0)
    await pool.close()
  })
})
