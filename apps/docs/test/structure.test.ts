/** The arrows on the page "Structure" are the dependencies of the packages. */
import { globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

import { expect, test } from "vitest"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const page = readFileSync(
  new URL("../src/content/docs/start/structure.mdx", import.meta.url),
  "utf8",
)

const arrows = [...page.matchAll(/^ *(\w+) --> (\w+)/gm)].map(([, from = "", to = ""]) => ({
  from,
  to,
}))

/** What a part may import: what its arrows lead to, in one step or in several. */
const below = (part: string): ReadonlySet<string> => {
  const seen = new Set([part])
  for (const from of seen) {
    for (const arrow of arrows) if (arrow.from === from) seen.add(arrow.to)
  }
  return seen
}

const local = (name: string): string => name.replace("@manycore/", "")

const packages = globSync("packages/*/package.json", { cwd: root }).map((path) => {
  const manifest: {
    readonly name: string
    readonly dependencies?: Record<string, string>
    readonly peerDependencies?: Record<string, string>
  } = JSON.parse(readFileSync(`${root}/${path}`, "utf8"))
  const imports = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  return {
    name: local(manifest.name),
    imports: imports.filter((name) => name.startsWith("@manycore/")).map(local),
  }
})

test.each(packages)("$name imports only what is below it", ({ name, imports }) => {
  expect(arrows.map(({ to }) => to)).toContain(name)
  expect(imports.filter((other) => !below(name).has(other))).toEqual([])
})

test("no arrow leads back up", () => {
  for (const { from, to } of arrows) expect(below(to)).not.toContain(from)
})
