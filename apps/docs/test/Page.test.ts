import { describe, expect, test } from "vitest"

import * as Page from "./Page.ts"

const page = (...lines: ReadonlyArray<string>): string => lines.join("\n")

describe("complaints", () => {
  test.each(["ts", "js", "tsx", "jsx", "mts", "cjs", "typescript", "JavaScript"])(
    "names the line of a %s fence",
    (language) => {
      const [complaint, ...rest] = Page.complaints(
        page("Text", "", `\`\`\`${language}`, "1", "```"),
      )
      expect(complaint?.line).toBe(3)
      expect(complaint?.message).toContain("<Snippet>")
      expect(rest).toEqual([])
    },
  )

  test.each(["sh", "json", "text", "mdx", "yaml"])("lets a %s fence pass", (language) => {
    expect(Page.complaints(page(`\`\`\`${language}`, "a", "```"))).toEqual([])
  })

  test.each<[title: string, source: string, lines: ReadonlyArray<number>]>([
    ["a fence without a language", page("```", "a", "```"), [1]],
    ["a fence with a title", page('```ts title="a.ts"', "a", "```"), [1]],
    ["a fence with a range of lines", page("```ts {1}", "a", "```"), [1]],
    ["a fence of tildes", page("~~~ts", "a", "~~~"), [1]],
    ["a fence in a list", page("1. Do", "", "   ```js", "   a", "   ```"), [3]],
    ["a fence on the line of its bullet", page("- ```js", "  a", "  ```"), [1]],
    ["a fence in a quotation", page("> ```js", "> a", "> ```"), [1]],
    ["a fence that nobody closes", page("a", "```js", "a"), [2]],
    ["the second of two fences", page("```sh", "a", "```", "```ts", "b", "```"), [4]],
    ["a fence inside a longer fence, which is text", page("````mdx", "```ts", "```", "````"), []],
    ["an inline fence", page("Write ```ts``` here"), []],
    ["Starlight's Code", page("", "<Code code={a} />"), [2]],
    ["a pre element", page("<pre>a</pre>"), [1]],
    ["a raw import", page('import a from "./a.ts?raw"'), [1]],
    ["a mention of Code in inline code", page("Use `<Code>`"), []],
  ])("%s", (_, source, lines) => {
    expect(Page.complaints(source).map(({ line }) => line)).toEqual(lines)
  })
})

describe("snippets", () => {
  test("finds file, region and line, over several lines too", () => {
    const source = page(
      '<Snippet file="examples/a.ts" region="one" />',
      "",
      "<Snippet",
      '  file="packages/ipc/src/Ipc.ts"',
      "/>",
    )
    expect(Page.snippets(source)).toEqual([
      { line: 1, file: "examples/a.ts", region: "one" },
      { line: 3, file: "packages/ipc/src/Ipc.ts", region: undefined },
    ])
  })

  test("leaves out what a fence or inline code shows", () => {
    expect(Page.snippets(page("```mdx", '<Snippet file="a" />', "```", "`<Snippet />`"))).toEqual(
      [],
    )
  })

  test("gives an empty file when it is not a plain string", () => {
    expect(Page.snippets("<Snippet file={name} />")[0]?.file).toBe("")
  })
})
