import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Condition, LoadClient } from "@manycore/testkit"
import { Effect } from "effect"

import { startPrimary, supervise } from "./support.ts"

const folder = () => mkdtempSync(join(tmpdir(), "manycore-"))

const version = (n: number) =>
  `require("node:http").createServer((_, response) => response.end("${n}")).listen(0, "127.0.0.1")`

const fetchText = (url: string) =>
  Effect.promise(async () => {
    const response = await fetch(url, { headers: { connection: "close" } })
    return response.text()
  })

describe("SIGHUP", () => {
  it.live(
    "reloads; into a file that is broken now it says why, and the old workers go on",
    () =>
      Effect.gen(function* () {
        const file = join(folder(), "app.cjs")
        writeFileSync(file, version(1))
        const program = pathToFileURL(file).href
        const { primary, url, workers } = yield* startPrimary({ program })
        const load = yield* LoadClient.start({ url, connections: 4 })
        assert.strictEqual(yield* fetchText(url), "1")
        const old = yield* workers

        writeFileSync(file, "throw new Error('broken by its author')")
        process.kill(primary.pid, "SIGHUP")
        yield* Condition.until(
          "it says why",
          () => primary.stderr().includes("the reload failed"),
          {
            deadline: "20 seconds",
          },
        )
        assert.match(primary.stderr(), /the old workers go on: .*broken by its author\n/)
        assert.strictEqual(yield* fetchText(url), "1")
        yield* Condition.until("the old ones are there alone", () =>
          Effect.map(workers, (now) => now.join() === old.join()),
        )

        writeFileSync(file, version(2))
        // Many at once are at most one more than one.
        for (let i = 0; i < 20; i++) process.kill(primary.pid, "SIGHUP")
        yield* Condition.until(
          "both are new, and nothing else happens",
          () => Effect.map(workers, (now) => now.length === 2 && !now.some((n) => old.includes(n))),
          { deadline: "20 seconds" },
        )
        assert.strictEqual(yield* fetchText(url), "2")
        yield* primary.signal("SIGTERM")
        assert.deepStrictEqual(yield* Effect.timeout(primary.exit, "20 seconds"), {
          code: 0,
          signal: null,
        })
        const ready = primary.stdout().split('"WorkerReady"').length - 1
        assert.isAtMost(ready, 4)
        const { errors } = yield* load.stop
        // At the end nobody listens any more; until then nothing was lost.
        assert.deepStrictEqual(
          Object.keys(errors).filter((name) => !name.includes("ECONNREFUSED")),
          [],
        )
      }).pipe(Effect.scoped),
    { timeout: 60_000 },
  )
})

describe("a signal to the whole group", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it.live(`${signal}: a program that exits on it at once answers first what it has`, () =>
      Effect.gen(function* () {
        const heard = join(folder(), "heard")
        const { primary, url, workers } = yield* startPrimary({
          program: "./handlers.mjs",
          env: { HEARD: heard },
        })
        const slow = yield* LoadClient.start({ url: `${url}/slow`, connections: 4, requests: 4 })
        yield* Condition.until("they are in flight", () => slow.snapshot().sent === 4)
        // Handed over for sure when a later one has been answered.
        yield* LoadClient.run({ url, connections: 1, requests: 4, keepAlive: false })
        for (const pid of yield* workers) process.kill(pid, signal)
        process.kill(primary.pid, signal)
        const { errors, ok } = yield* slow.done
        assert.deepStrictEqual(errors, {})
        assert.strictEqual(ok, 4)
        assert.deepStrictEqual(yield* Effect.timeout(primary.exit, "20 seconds"), {
          code: 0,
          signal: null,
        })
        // Then its own handler has heard what ends it, each worker once.
        assert.strictEqual(readFileSync(heard, "utf8"), "SIGTERM\nSIGTERM\n")
      }).pipe(Effect.scoped),
    )
  }

  it.live("what a person sends with `signal` reaches the program", () =>
    Effect.gen(function* () {
      const heard = join(folder(), "heard")
      const { pids, supervisor } = yield* supervise({
        program: "handlers.mjs",
        env: { HEARD: heard },
      })
      const [first] = yield* pids
      yield* supervisor.signal("SIGINT", { id: 1 })
      yield* Condition.until("it has heard", () => existsSync(heard))
      assert.strictEqual(readFileSync(heard, "utf8"), "SIGINT\n")
      yield* Condition.until("another one is there", () =>
        Effect.map(supervisor.workers, ([worker]) => {
          return worker?.state === "ready" && worker.pid !== first
        }),
      )
    }).pipe(Effect.scoped),
  )
})
