import { start } from "@manycore/cluster/promise"
import { afterAll, expect, test } from "vitest"

import { hello, listening, supervisor, tryBroken, upgrade } from "../../examples/cluster/main.ts"

afterAll(async () => {
  await supervisor.stop()
})

test("both workers serve, a reload brings the new version, a broken one changes nothing", async () => {
  expect(await hello()).toMatch(/^version 1 from process \d+\n$/)
  await upgrade()
  expect(await hello()).toMatch(/^version 2 from process \d+\n$/)
  expect(await tryBroken()).toContain("this version is broken")
  expect(await hello()).toMatch(/^version 2 from process \d+\n$/)
  expect(listening).toBeInstanceOf(Promise)
  await supervisor.stop()
})

test("a worker that says what it has to finish runs and stops", async () => {
  const other = await start({
    program: new URL("../../examples/cluster/worker.mjs", import.meta.url),
    workers: 1,
  })
  const response = await fetch(`http://127.0.0.1:${await other.port()}`, {
    headers: { connection: "close" },
  })
  expect(await response.text()).toBe("accepted\n")
  await other.stop()
})
