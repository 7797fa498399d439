import { cpus } from "node:os"

import { expect, test } from "vitest"

import { cores } from "../../examples/cores.ts"

// #region test
test("at least one core, at most all of them", () => {
  expect(cores).toBeGreaterThanOrEqual(1)
  expect(cores).toBeLessThanOrEqual(cpus().length)
})
// #endregion
