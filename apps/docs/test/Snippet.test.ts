import { describe, expect, test } from "vitest"

import * as Snippet from "../src/Snippet.ts"

const docs = new URL("../", import.meta.url)
const text = (...lines: ReadonlyArray<string>): string => lines.join("\n")

describe("region", () => {
  test.each<[title: string, source: string, code: string]>([
    [
      "leaves out what is around it",
      text("before", "// #region a", "1", "2", "// #endregion", "after"),
      text("1", "2"),
    ],
    [
      "takes the shared indentation away and keeps the rest",
      text("f(() => {", "  // #region a", "  if (x) {", "    y()", "  }", "  // #endregion", "})"),
      text("if (x) {", "  y()", "}"),
    ],
    [
      "does not count blank lines as indentation",
      text("// #region a", "  1", "", "  2", "// #endregion"),
      text("1", "", "2"),
    ],
    ["drops blank lines at its ends", text("// #region a", "", "1", "", "// #endregion"), "1"],
    [
      "shows a region inside it, without the markers",
      text("// #region a", "1", "// #region b", "2", "// #endregion", "3", "// #endregion"),
      text("1", "2", "3"),
    ],
    [
      "is the inner one when asked for by name",
      text("// #region b", "1", "// #region a", "2", "// #endregion", "3", "// #endregion"),
      "2",
    ],
    ["may say its name at its end", text("// #region a", "1", "// #endregion a"), "1"],
    ["may be empty", text("// #region a", "// #endregion"), ""],
    ["may be in a file with Windows line ends", "// #region a\r\n1\r\n// #endregion\r\n", "1"],
    [
      "is not confused with a name that starts alike",
      text("// #region ab", "1", "// #endregion", "// #region a", "2", "// #endregion"),
      "2",
    ],
  ])("%s", (_, source, code) => {
    expect(Snippet.region(source, "a")).toBe(code)
  })

  test.each<[title: string, source: string, message: string]>([
    [
      "unknown, which says those that exist",
      text("// #region b", "// #endregion", "// #region c", "// #endregion"),
      'there is no region "a" (it has b, c)',
    ],
    ["unknown in a file without regions", "1", 'there is no region "a" (it has none)'],
    ["not closed", text("// #region a", "1"), 'the region "a" is not closed by // #endregion'],
    [
      "not closed, because the end belongs to a region inside",
      text("// #region a", "// #region b", "// #endregion"),
      'the region "a" is not closed by // #endregion',
    ],
    [
      "there twice",
      text("// #region a", "// #endregion", "// #region a", "// #endregion"),
      'there are two regions "a"',
    ],
  ])("fails when it is %s", (_, source, message) => {
    expect(() => Snippet.region(source, "a")).toThrow(new Error(message))
  })
})

describe("load", () => {
  test("reads an example, and names it from the root of the clone", () => {
    const { code, path } = Snippet.load(docs, "examples/cores.ts", "cores")
    expect(path).toBe("apps/docs/examples/cores.ts")
    expect(code).toContain("availableParallelism()")
    expect(code).not.toContain("#")
  })

  test("reads another file of the workspace", () => {
    const { code, path } = Snippet.load(docs, "packages/ipc/package.json")
    expect(path).toBe("packages/ipc/package.json")
    expect(code).toContain("@manycore/ipc")
  })

  test("says which file is not there", () => {
    expect(() => Snippet.load(docs, "examples/none.ts", "a")).toThrow(
      new Error("apps/docs/examples/none.ts: there is no such file"),
    )
  })

  test("says which file does not have the region", () => {
    expect(() => Snippet.load(docs, "examples/cores.ts", "none")).toThrow(
      new Error('apps/docs/examples/cores.ts: there is no region "none" (it has cores)'),
    )
  })
})
