import { fileURLToPath } from "node:url"

import { RestartPolicy, start, startGroups, SupervisorErrors } from "@manycore/cluster/promise"
import { Condition } from "@manycore/testkit"
import { Effect } from "effect"
import { assert, describe, it } from "vitest"

import { WorkerCalls } from "./fixtures/Contract.ts"

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

const text = async (url: string) => {
  const response = await fetch(url, { headers: { connection: "close" } })
  return response.text()
}

describe("@manycore/cluster/promise", () => {
  it("starts, reloads, scales, restarts and stops", async () => {
    const supervisor = await start({
      program: fixture("plain.mjs"),
      workers: 1,
      env: { VERSION: "1" },
    })
    try {
      const url = `http://127.0.0.1:${await supervisor.port()}`
      assert.strictEqual(await text(`${url}/version`), "1")
      await supervisor.reload({ env: { VERSION: "2" } })
      assert.strictEqual(await text(`${url}/version`), "2")
      await supervisor.scale(3)
      assert.lengthOf(await supervisor.workers(), 3)
      const [first] = await supervisor.workers()
      await supervisor.restart({ id: first?.id ?? 0 })
      assert.notStrictEqual((await supervisor.workers())[0]?.pid, first?.pid)
      const error = await supervisor.reload({ env: { BREAK: "throw" } }).catch((e: unknown) => e)
      assert.instanceOf(error, SupervisorErrors.SupervisorError)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a program without types says
      const none = await supervisor.signal("SIGNONE" as "SIGTERM").catch(String)
      assert.include(none, "signal is SIGNONE, but must be a signal")
    } finally {
      await supervisor.stop()
    }
    // Nobody waits for what cannot happen any more.
    for (const asked of [supervisor.reload(), supervisor.scale(2), supervisor.restart()]) {
      assert.include(await asked.catch(String), "the supervisor is stopping")
    }
  })

  it("keeps node:cluster's first way of scheduling, and says so", async () => {
    const first = await start({ program: fixture("plain.mjs"), workers: 1 })
    await first.stop()
    const options = { program: fixture("plain.mjs"), workers: 1 }
    const error = await start({ ...options, scheduling: "operatingSystem" }).catch(String)
    assert.include(error, "node:cluster keeps the first of a process")
  })

  it("tells what happens, asks workers, and is disposed of", async () => {
    const supervisor = await start({
      program: fixture("talker.ts"),
      workers: 2,
      restart: RestartPolicy.make(),
    })
    const all: Array<string> = []
    const listeningToTheEnd = (async () => {
      for await (const { _tag, missed } of supervisor.events()) all.push(`${_tag} ${missed}`)
    })()
    const tags: Array<string> = []
    const listening = (async () => {
      for await (const event of supervisor.events()) {
        tags.push(event._tag)
        if (event._tag === "WorkerReady") return
      }
    })()
    assert.strictEqual(await supervisor.ask(WorkerCalls, 1, "Double", { n: 4 }), 8)
    const answers = await supervisor.broadcast(WorkerCalls, "Double", { n: -1 })
    assert.deepStrictEqual(
      Object.values(answers).map(({ status }) => status),
      ["rejected", "rejected"],
    )
    await supervisor.signal("SIGKILL", { id: 1 })
    await listening
    assert.deepStrictEqual(tags, ["WorkerExited", "WorkerForked", "WorkerReady"])
    await supervisor[Symbol.asyncDispose]()
    await listeningToTheEnd
    assert.lengthOf(all, 7)
    assert.strictEqual(all.at(-1), "WorkerExited 0")
    assert.deepStrictEqual(
      (await supervisor.workers()).map(({ pid, state }) => [pid, state]),
      [
        [null, "stopped"],
        [null, "stopped"],
      ],
    )
  })

  it("supervises groups of programs, which start and crash together", async () => {
    const supervisor = await startGroups({
      strategy: "restForOne",
      groups: [
        { name: "first", program: fixture("kinds.mjs"), workers: 1, ready: "spawned" },
        { name: "second", program: fixture("plain.mjs"), workers: 1, lameDuck: 0 },
      ],
    })
    try {
      const before = await supervisor.workers()
      await supervisor.signal("SIGKILL", { group: "first" })
      await Effect.runPromise(
        Condition.until("both are new", async () => {
          const after = await supervisor.workers()
          return after.every(({ pid, state }, i) => state === "ready" && pid !== before[i]?.pid)
        }),
      )
      await supervisor.scale(2, { group: "second" })
      assert.lengthOf(await supervisor.workers(), 3)
    } finally {
      await supervisor.stop()
    }
  })
})
