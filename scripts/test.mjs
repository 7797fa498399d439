// Runs every test of the workspace, then says what was run: `npm test` ends here.
//
//   node scripts/test.mjs [--force] [arguments of turbo]
//
// Unchanged packages replay their last result; `npm test -- --force` runs all of them anew.
// Expects the toolchain on the PATH (scripts/with-toolchain.mjs).
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const resultFile = "test-results.json"

function hasTests(folder) {
  const file = join(root, folder, "package.json")
  return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).scripts?.test !== undefined
}

/** The folders that have tests, each of which leaves a result. */
function testedFolders() {
  const folders = ["packages", "internal", "apps"].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => join(parent, name)),
  )
  return [...folders.filter(hasTests), "test"]
}

const firstLine = (text = "no message") => text.split("\n", 1)[0]

/** What one folder's result adds to the sum. A folder without a result has failed. */
export function summarize(folder, result) {
  if (result === undefined) {
    return {
      folder,
      passed: 0,
      failed: 1,
      skipped: [],
      failures: ["left no result: its output says why"],
    }
  }
  const tests = result.testResults.flatMap((file) => file.assertionResults)
  const count = (status) => tests.filter((test) => test.status === status).length
  const skipped = tests
    .filter((test) => ["skipped", "pending", "todo", "disabled"].includes(test.status))
    .map((test) => test.fullName)
  const brokenFiles = result.testResults.filter(
    (file) =>
      file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  )
  return {
    folder,
    passed: count("passed"),
    failed: count("failed") + brokenFiles.length,
    skipped,
    failures: [
      ...tests
        .filter((test) => test.status === "failed")
        .map((test) => `${test.fullName}: ${firstLine(test.failureMessages?.[0])}`),
      ...brokenFiles.map((file) => `${file.name}: ${file.message}`),
    ],
  }
}

/** What a result depends on besides the files: another one of these must not replay it. */
async function machine() {
  const { find, programs } = await import("../internal/testkit/src/programs.ts")
  const found = Object.keys(programs).filter((name) => find(name) !== undefined)
  return [process.version, ...found].join(" ")
}

async function main() {
  const folders = testedFolders()
  const args = process.argv.slice(2)
  for (const folder of folders) rmSync(join(root, folder, resultFile), { force: true })
  const turbo = spawnSync(
    "turbo",
    ["run", "test", "test:workspace", "--continue", "--concurrency=1", ...args],
    {
      cwd: root,
      env: { ...process.env, TEST_MACHINE: await machine() },
      stdio: "inherit",
      shell: process.platform === "win32",
    },
  )
  const summaries = folders.flatMap((folder) => {
    const file = join(root, folder, resultFile)
    if (existsSync(file)) return summarize(folder, JSON.parse(readFileSync(file, "utf8")))
    // Whoever asks for some packages gets no results of the others.
    return args.some((arg) => /^(-F|--filter)/.test(arg)) ? [] : summarize(folder, undefined)
  })

  console.log("")
  let [passed, failed, skipped] = [0, 0, 0]
  for (const summary of summaries) {
    passed += summary.passed
    failed += summary.failed
    skipped += summary.skipped.length
    console.log(
      `${summary.folder.padEnd(20)} ${String(summary.passed).padStart(4)} passed, ${summary.failed} failed, ${summary.skipped.length} skipped`,
    )
  }
  for (const { folder, skipped: names } of summaries) {
    for (const name of names) console.log(`\n!!! SKIPPED in ${folder}: ${name}`)
  }
  for (const { folder, failures } of summaries) {
    for (const failure of failures) console.log(`\n!!! FAILED in ${folder}: ${failure}`)
  }
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
  process.exit(failed > 0 ? 1 : (turbo.status ?? 1))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
