import { assert, describe, it } from "@effect/vitest"

import * as LastWords from "../../src/internal/server/lastWords.ts"

describe("the last words of a server", () => {
  it.each([
    ["", ""],
    ["\n \n", ""],
    ["starting\nno configuration found\n", "no configuration found"],
    [
      "node:internal/modules/cjs/loader:1433\n  throw err;\n  ^\n\nError: Cannot find module '/a/b.js'\n    at Function (x:1:2) {\n  code: 'MODULE_NOT_FOUND'\n}\n\nNode.js v26.10.0\n",
      "Error: Cannot find module '/a/b.js'",
    ],
    [
      "TypeError [ERR_INVALID_ARG_TYPE]: The argument\n    at x\n\nNode.js v22\n",
      "TypeError [ERR_INVALID_ARG_TYPE]: The argument",
    ],
  ])("are the reason, not what follows it: %j", (output, said) => {
    assert.strictEqual(LastWords.of(output), said === "" ? "" : `; the last it said: ${said}`)
  })
})
