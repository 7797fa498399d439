// A bare entry file serves its contract and loads nothing of Effect.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { Ipc, ProcessChannel } from "@manycore/ipc"
import { Effect } from "effect"

import { Contract } from "./fixtures/Contract.ts"

const fixture = (name: string) => new URL(`./fixtures/${name}.ts`, import.meta.url)

/** The modules that a child has loaded when it answers its first call. */
const loadedBy = (entry: string) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "loaded-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
    )
    const file = join(folder, "modules")
    const channel = yield* ProcessChannel.fork(fixture(entry), {
      env: { MANYCORE_TEST_LOADED: file },
      execArgv: ["--conditions=@manycore/source", "--import", fixture("loadedModules").href],
    })
    const client = yield* Ipc.client(Contract, channel)
    assert.strictEqual(yield* client.Divide({ dividend: 6, divisor: 2 }), 3)
    return readFileSync(file, "utf8").split("\n")
  })

const isEffect = (url: string) => url.includes("/node_modules/effect/")

describe("a bare entry file", () => {
  it.live("loads nothing of Effect, and of ours only the kernel", () =>
    Effect.gen(function* () {
      const loaded = yield* loadedBy("bare")
      assert.isTrue(loaded.some((url) => url.endsWith("/fixtures/bare.ts")))
      assert.isTrue(loaded.some((url) => url.endsWith("/bare/Link.ts")))
      assert.deepStrictEqual(loaded.filter(isEffect), [])
      const ours = loaded.filter((url) => /\/packages\/ipc\/src\/[^/]+\.ts$/.test(url))
      assert.deepStrictEqual(
        ours.map((url) => url.split("/").at(-1)),
        ["bare.ts"],
      )
    }).pipe(Effect.scoped),
  )

  it.live("is told by what one with Effect loads", () =>
    Effect.gen(function* () {
      assert.isTrue((yield* loadedBy("process")).some(isEffect))
    }).pipe(Effect.scoped),
  )
})
