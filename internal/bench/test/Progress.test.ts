import { assert, describe, it } from "@effect/vitest"

import { make } from "../src/internal/Progress.ts"

const printed = (isTTY: boolean): string => {
  let text = ""
  const progress = make({ isTTY, columns: 10, write: (more) => (text += more) })
  progress.step("a long first step")
  progress.note("note")
  progress.step("second")
  progress.end()
  return text
}

describe("Progress", () => {
  it("rewrites one line of a terminal, no wider than it", () => {
    const clear = "\r\u001B[2K"
    assert.strictEqual(printed(true), `${clear}a long fi${clear}note\n${clear}second${clear}`)
  })
  it("prints plain lines elsewhere", () => {
    assert.strictEqual(printed(false), "a long first step\nnote\nsecond\n")
  })
})
