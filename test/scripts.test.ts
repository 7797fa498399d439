import { readdirSync, readFileSync } from "node:fs"

import { assert, describe, it } from "@effect/vitest"

import { packagesWithoutChangeset } from "../scripts/needs-changeset.mjs"
import { summarize } from "../scripts/test.mjs"
import { isGoodNode, parseCommands } from "../scripts/with-toolchain.mjs"

const root = new URL("..", import.meta.url)
const json = (path: string) => JSON.parse(readFileSync(new URL(path, root), "utf8"))

describe("with-toolchain", () => {
  it("takes the Node versions that package.json names, and no others", () => {
    assert.strictEqual(json("package.json").engines.node, "^22.19.0 || ^24.11.0 || >=26.0.0")
    for (const good of ["22.19.0", "22.22.1", "24.11.0", "26.0.0", "27.1.0"]) {
      assert.isTrue(isGoodNode(good), good)
    }
    for (const bad of ["18.0.0", "20.20.2", "22.18.9", "23.11.0", "24.10.0", "25.9.0"]) {
      assert.isFalse(isGoodNode(bad), bad)
    }
  })

  it("splits what prepares from what runs; everything after --run is the command's", () => {
    assert.deepStrictEqual(
      parseCommands(["--prepare", "a", "b", "--run", "c", "--prepare", "--json"]),
      [
        { kind: "prepare", words: ["a", "b"] },
        { kind: "run", words: ["c", "--prepare", "--json"] },
      ],
    )
    for (const wrong of [[], ["a"], ["--run"], ["--prepare", "a"], ["--prepare", "--run", "a"]]) {
      assert.isUndefined(parseCommands(wrong))
    }
  })

  it("has one Node and one pnpm, the ones that package.json names", () => {
    const pnpm = json("scripts/toolchain/pnpm/package.json").dependencies.pnpm
    assert.strictEqual(json("package.json").packageManager, `pnpm@${pnpm}`)
    const nodes = new Set(
      Object.values(json("scripts/toolchain/node/package.json").optionalDependencies),
    )
    assert.strictEqual(nodes.size, 1)
    for (const version of nodes) assert.isTrue(isGoodNode(String(version)))
  })
})

const test = (fullName: string, status: string) => ({ fullName, status })

describe("the summary of npm test", () => {
  it("counts tests, and names the skipped ones", () => {
    const result = {
      testResults: [
        {
          name: "a",
          status: "passed",
          assertionResults: [test("one", "passed"), test("two", "pending")],
        },
        { name: "b", status: "failed", assertionResults: [test("three", "failed")] },
      ],
    }
    const summary = summarize("packages/x", result)
    assert.deepInclude(summary, { passed: 1, failed: 1, skipped: ["two"] })
  })

  it("a folder that left no result has failed, and so has a file that could not be loaded", () => {
    assert.strictEqual(summarize("packages/x", undefined).failed, 1)
    const result = {
      testResults: [{ name: "a", status: "failed", message: "boom", assertionResults: [] }],
    }
    assert.deepInclude(summarize("packages/x", result), { failed: 1, failures: ["a: boom"] })
  })
})

describe("needs-changeset", () => {
  it("asks for one when src/ of a package changes, and an empty one counts", () => {
    const change = ["M\tpackages/ipc/src/Ipc.ts", "A\tpackages/threads/src/Pool.ts", "M\tREADME.md"]
    assert.deepStrictEqual(packagesWithoutChangeset(change), ["ipc", "threads"])
    assert.deepStrictEqual(packagesWithoutChangeset([...change, "A\t.changeset/brave-cats.md"]), [])
  })

  it("a file that leaves src/ is a change, a changeset that is taken away is none", () => {
    const moved = ["D\tpackages/ipc/src/Channel.ts", "A\tpackages/ipc/Channel.ts"]
    assert.deepStrictEqual(packagesWithoutChangeset(moved), ["ipc"])
    assert.deepStrictEqual(packagesWithoutChangeset([...moved, "D\t.changeset/old.md"]), ["ipc"])
  })

  it("does not ask for tests, benches, docs or the changeset README", () => {
    const files = ["packages/ipc/test/a.test.ts", "packages/ipc/bench/main.ts", "apps/docs/x.mdx"]
    assert.deepStrictEqual(packagesWithoutChangeset(files.map((file) => `M\t${file}`)), [])
    assert.deepStrictEqual(
      packagesWithoutChangeset(["M\tpackages/ipc/src/Ipc.ts", "M\t.changeset/README.md"]),
      ["ipc"],
    )
  })
})

describe("the workspace", () => {
  const packages = readdirSync(new URL("packages/", root)).map((name) =>
    json(`packages/${name}/package.json`),
  )

  it("every package runs on the same Nodes, is MIT, and is published as @manycore/...", () => {
    const { engines } = json("package.json")
    for (const manifest of packages) {
      assert.match(manifest.name, /^@manycore\/[a-z]+$/)
      assert.deepStrictEqual(manifest.engines, engines)
      assert.strictEqual(manifest.license, "MIT")
      assert.isUndefined(manifest.private)
    }
  })

  it("nothing private is published", () => {
    for (const folder of ["internal/testkit", "internal/bench", "apps/demo", "apps/docs"]) {
      assert.isTrue(json(`${folder}/package.json`).private, folder)
    }
  })

  it("every export stands in exports for sources and for publishing alike", () => {
    for (const { exports, name, publishConfig } of packages) {
      assert.deepStrictEqual(Object.keys(publishConfig.exports), Object.keys(exports), name)
    }
  })
})
