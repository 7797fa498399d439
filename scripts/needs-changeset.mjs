// Asks for a changeset when a change touches src/ of a package.
//
//   node scripts/needs-changeset.mjs <base>        base: a git revision, such as origin/main
//
// An empty changeset counts (pnpm changeset --empty): it says that somebody thought about it.
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

function isChangeset([status, file]) {
  return status !== "D" && /^\.changeset\/(?!README)[^/]+\.md$/.test(file ?? "")
}

/**
 * The packages that a change touches without a changeset beside it.
 *
 * @param {ReadonlyArray<string>} lines of `git diff --name-status --no-renames`: a letter, a tab, a file
 */
export function packagesWithoutChangeset(lines) {
  const changes = lines.map((line) => line.split("\t"))
  if (changes.some(isChangeset)) return []
  const touched = changes.flatMap(
    ([, file]) => /^packages\/([^/]+)\/src\//.exec(file ?? "")?.[1] ?? [],
  )
  return [...new Set(touched)]
}

function main() {
  const base = process.argv[2]
  if (base === undefined) {
    console.error("usage: node scripts/needs-changeset.mjs <base>, such as origin/main")
    process.exit(2)
  }
  const args = ["diff", "--name-status", "--no-renames", `${base}...HEAD`]
  const git = spawnSync("git", args, { encoding: "utf8" })
  if (git.status !== 0) {
    console.error(`git cannot compare with ${base}: ${git.stderr.trim()}`)
    process.exit(2)
  }
  const packages = packagesWithoutChangeset(git.stdout.split("\n"))
  if (packages.length === 0) return
  console.error(
    `This change touches src/ of ${packages.join(", ")} and has no changeset: run pnpm changeset, or pnpm changeset --empty when no user can see it.`,
  )
  process.exit(1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
