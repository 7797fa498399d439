/** The rule of this site: every snippet is a region of a file that a test runs. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

import { expect, test } from "vitest"

import * as Snippet from "../src/Snippet.ts"
import * as Page from "./Page.ts"

const docs = new URL("../", import.meta.url)
const list = (pattern: string): ReadonlyArray<string> =>
  globSync(pattern, { cwd: fileURLToPath(docs) }).map((path) => path.replaceAll("\\", "/"))
const read = (path: string): string => readFileSync(new URL(path, docs), "utf8")

const pages = list("src/content/docs/**/*.{md,mdx}").map((path) => ({ path, source: read(path) }))
const examples = list("examples/**/*.ts")

/** Every file that a test reaches by relative paths, in imports and in `new URL`; comments do not count. */
const reached = (start: ReadonlyArray<string>): ReadonlySet<string> => {
  const seen = new Set(start)
  for (const path of seen) {
    const code = read(path).replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "")
    for (const [, specifier = ""] of code.matchAll(/"(\.{1,2}\/[^"\n]+\.ts)"/g)) {
      const target = new URL(specifier, new URL(path, docs))
      if (target.href.startsWith(docs.href) && existsSync(target)) {
        seen.add(decodeURI(target.href.slice(docs.href.length)))
      }
    }
  }
  return seen
}

test("there are pages and examples", () => {
  expect(pages).not.toEqual([])
  expect(examples).not.toEqual([])
})

test("no page holds code that no test runs", () => {
  const found = pages.flatMap(({ path, source }) =>
    Page.complaints(source).map(({ line, message }) => `${path}:${line}: ${message}`),
  )
  expect(found).toEqual([])
})

test("every snippet shows a file and a region that exist", () => {
  const found = pages.flatMap(({ path, source }) =>
    Page.snippets(source).flatMap(({ line, file, region }) => {
      try {
        if (file === "") throw new Error('write file="…" as a plain string')
        Snippet.load(docs, file, region)
        return []
      } catch (error) {
        return `${path}:${line}: ${error instanceof Error ? error.message : String(error)}`
      }
    }),
  )
  expect(found).toEqual([])
})

test("every snippet comes from code that its package checks and tests", () => {
  const checked =
    /^(?:examples\/|(?:packages|apps|internal)\/[^/]+\/(?:src|test|bench|examples)\/|[^/]+\.json$)/
  const found = pages.flatMap(({ path, source }) =>
    Page.snippets(source)
      .filter(({ file }) => file !== "" && !checked.test(file))
      .map(
        ({ line, file }) => `${path}:${line}: ${file} is in no folder that tests and lint cover`,
      ),
  )
  expect(found).toEqual([])
})

test("every example is run by a test", () => {
  const run = reached(list("test/**/*.test.ts"))
  expect(examples.filter((path) => !run.has(path))).toEqual([])
})

test("every example is shown on a page", () => {
  const shown = new Set(pages.flatMap(({ source }) => Page.snippets(source).map((s) => s.file)))
  expect(examples.filter((path) => !shown.has(path))).toEqual([])
})
