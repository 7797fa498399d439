// The threads of a bare entry load nothing of Effect: that is why they start fast and stay small.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { type Kind, makePool } from "./pool/pools.ts"

const preload = new URL("../../ipc/test/fixtures/loadedModules.ts", import.meta.url)

/** The modules that a thread has loaded when it answers its first task. */
const loadedBy = (kind: Kind) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "loaded-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
    )
    const file = join(folder, "modules")
    const { tasks } = yield* makePool(kind, {
      env: { MANYCORE_TEST_LOADED: file },
      execArgv: ["--conditions=@manycore/source", "--import", preload.href],
    })
    assert.strictEqual(yield* tasks.Add({ a: 1, b: 2 }), 3)
    return readFileSync(file, "utf8").split("\n")
  })

const isEffect = (url: string) => url.includes("/node_modules/effect/")

describe("the entry file of a pool's threads", () => {
  it.live("without Effect loads nothing of Effect, and of ipc only the kernel", () =>
    Effect.gen(function* () {
      const loaded = yield* loadedBy("bare")
      assert.isTrue(loaded.some((url) => url.endsWith("/fixtures/laws.bare.ts")))
      assert.deepStrictEqual(loaded.filter(isEffect), [])
      const ipc = loaded.filter((url) => url.includes("/packages/ipc/src/"))
      assert.isAbove(ipc.length, 0)
      assert.deepStrictEqual(
        ipc.filter((url) => !url.includes("/packages/ipc/src/bare/")),
        [],
      )
    }).pipe(Effect.scoped),
  )

  it.live("with Effect is told by what it loads", () =>
    Effect.gen(function* () {
      assert.isTrue((yield* loadedBy("effect")).some(isEffect))
    }).pipe(Effect.scoped),
  )
})
