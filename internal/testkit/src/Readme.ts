/**
 * The example of a README, run as it stands: every `ts` block is one file of it. Owns the reading of the
 * blocks and the folder that they are written to; what the example must print is the test's.
 *
 * The folder stands in `test/` beside the README, so that the package finds itself by its name, and goes
 * with the scope, after the program and all of its process group.
 *
 * @since 0.1.0
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { Effect, Schema, type Scope } from "effect"

import * as Program from "./Program.ts"

/**
 * The README has no such example.
 *
 * @category errors
 * @since 0.1.0
 */
export class NoExample extends Schema.TaggedError<NoExample>()("NoExample", {
  readme: Schema.String,
  problem: Schema.String,
}) {
  override get message(): string {
    return `${this.readme} ${this.problem}`
  }
}

/** @category models */
export interface File {
  readonly name: string
  readonly text: string
}

/** @category models */
export interface Options {
  /** URL of the README, in the root of its package. */
  readonly readme: URL
  /** The file that is run. Default: the last one. */
  readonly main?: string | undefined
  /** Text to replace in all files, such as an address. Each must occur in one of them. */
  readonly replace?: Readonly<Record<string, string>> | undefined
}

/**
 * The `ts` blocks of a README in their order. A block is named by its first line, `// main.ts`; one that
 * is not is `example.ts`.
 *
 * @category parsing
 * @since 0.1.0
 */
export const files = (markdown: string): ReadonlyArray<File> =>
  Array.from(markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, text = ""]) => ({
    name: /^\/\/ ([\w.-]+\.ts)\n/.exec(text)?.[1] ?? "example.ts",
    text,
  }))

/** The files as they are to be written, the one to run last; a sentence when they cannot be. */
const prepare = (
  markdown: string,
  { main, replace = {} }: Options,
): { readonly files: ReadonlyArray<File>; readonly main: File } | string => {
  const found = files(markdown)
  const missing = Object.keys(replace).find(
    (text) => !found.some((file) => file.text.includes(text)),
  )
  if (missing !== undefined) return `has no example with the text ${missing}`
  const names = found.map((file) => file.name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) return `has two files ${twice}`
  const replaced = found.map((file) => ({
    name: file.name,
    text: Object.entries(replace).reduce(
      (text, [from, to]) => text.replaceAll(from, to),
      file.text,
    ),
  }))
  const last = main === undefined ? replaced.at(-1) : replaced.find((file) => file.name === main)
  return last === undefined ? `has no example ${main ?? "at all"}` : { files: replaced, main: last }
}

/**
 * Writes the files of the example and starts the main one with plain Node on the sources of the
 * workspace.
 *
 * Fails with `NoExample` when the README holds no such example.
 *
 * @category running
 * @since 0.1.0
 */
export const run = Effect.fnUntraced(function* (
  options: Options,
): Effect.fn.Return<Program.Program, NoExample | Program.ProgramNotStarted, Scope.Scope> {
  const readme = fileURLToPath(options.readme)
  const example = prepare(yield* Effect.promise(() => readFile(readme, "utf8")), options)
  if (typeof example === "string") return yield* new NoExample({ readme, problem: example })
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(dirname(readme), "test", "readme-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true })),
  )
  yield* Effect.forEach(example.files, ({ name, text }) =>
    Effect.promise(() => writeFile(join(folder, name), text)),
  )
  return yield* Program.start({
    command: process.execPath,
    args: ["--conditions=@manycore/source", join(folder, example.main.name)],
  })
})
