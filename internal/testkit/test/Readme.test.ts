import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { Readme } from "../src/index.ts"

const fenced = (text: string, language = "ts") => `\`\`\`${language}\n${text}\n\`\`\`\n`

const twoFiles = [
  "# A package\n",
  fenced('// answer.ts\nexport const answer: number = 6 * 7\nexport const where = "http://host"'),
  fenced("npm install nothing", "sh"),
  fenced('// main.ts\nimport { answer, where } from "./answer.ts"\nconsole.log(answer, where)'),
].join("\n")

/** A package that is nothing but its README. */
const packageWith = (markdown: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const folder = await mkdtemp(join(tmpdir(), "manycore-readme-"))
      await mkdir(join(folder, "test"))
      await writeFile(join(folder, "README.md"), markdown)
      return { folder, readme: pathToFileURL(join(folder, "README.md")) }
    }),
    ({ folder }) => Effect.promise(() => rm(folder, { recursive: true })),
  )

describe("Readme", () => {
  it("takes the ts blocks alone, by the names that their first lines give", () => {
    assert.deepStrictEqual(
      Readme.files(twoFiles).map((file) => file.name),
      ["answer.ts", "main.ts"],
    )
    assert.deepStrictEqual(Readme.files(fenced("// a remark\nlet a = 1")), [
      { name: "example.ts", text: "// a remark\nlet a = 1\n" },
    ])
    assert.deepStrictEqual(Readme.files("no code"), [])
  })

  it.live("runs the last file, with the replacements, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const { folder, readme } = yield* packageWith(twoFiles)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const program = yield* Readme.run({ readme, replace: { "http://host": "here" } })
          const exit = yield* program.exit
          assert.deepStrictEqual(exit, { code: 0, signal: null }, program.diagnostics())
          assert.strictEqual(program.stdout(), "42 here\n")
        }),
      )
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(join(folder, "test"))), [])
    }),
  )

  it.live("runs the file that is named", () =>
    Effect.gen(function* () {
      const { readme } = yield* packageWith(twoFiles)
      const program = yield* Readme.run({ readme, main: "answer.ts" })
      assert.deepStrictEqual(yield* program.exit, { code: 0, signal: null })
      assert.strictEqual(program.stdout(), "")
    }),
  )

  for (const [what, markdown, options, problem] of [
    ["no example", "no code", {}, "has no example at all"],
    ["no such file", twoFiles, { main: "other.ts" }, "has no example other.ts"],
    ["no such text", twoFiles, { replace: { 4000: "0" } }, "has no example with the text 4000"],
    ["a name twice", fenced("1") + fenced("2"), {}, "has two files example.ts"],
  ] as const) {
    it.live(`says that there is ${what}`, () =>
      Effect.gen(function* () {
        const { readme } = yield* packageWith(markdown)
        const error = yield* Effect.flip(Readme.run({ readme, ...options }))
        assert.strictEqual(error._tag, "NoExample")
        assert.include(error.message, `README.md ${problem}`)
      }),
    )
  }
})
