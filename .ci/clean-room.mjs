// Proves the clone as a stranger meets it. Every step says what it ran and how it ended; the last
// line sums up tests and steps: `N passed, N failed, N skipped`.
//
// The clean room: a copy of what is committed, an empty HOME, and a PATH of Node, npm and the few
// system programs that npm's scripts are written with. Plain JavaScript for whatever Node there is.
//
// It leaves nothing: every process it starts is in a group of its own that is killed at the end, and
// the room is removed.
import { spawn, spawnSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const room = mkdtempSync(join(tmpdir(), "manycore-clean-room-"))
const clone = join(room, "manycore")
const home = join(room, "home")
const bin = join(room, "bin")

const find = (name) =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))

/** npm runs scripts with a shell; wrappers of programs, Chromium's too, are scripts that use these. */
const systemPrograms =
  "sh env dirname basename readlink sed grep cat head tail cut tr sort uname id ls find mkdir mktemp rm expr which ps lsof stty script".split(
    " ",
  )

function furnish() {
  mkdirSync(home)
  mkdirSync(bin)
  symlinkSync(realpathSync(process.execPath), join(bin, "node"))
  for (const name of ["npm", "npx", ...systemPrograms]) {
    const file = find(name)
    if (file !== undefined) symlinkSync(realpathSync(file), join(bin, name))
  }
}

const passedOn = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "LANG", "CHROMIUM"]
const env = {
  ...Object.fromEntries(
    passedOn.flatMap((name) =>
      process.env[name] === undefined ? [] : [[name, process.env[name]]],
    ),
  ),
  HOME: home,
  PATH: bin,
  TERM: "dumb",
  NO_COLOR: "1",
  CI: process.env.CI ?? "true",
}

/** Starts a command in the room; `minutes` later it is killed with all its children. */
function start(command, minutes) {
  const [program, ...args] = command
  const child = spawn(program, args, {
    cwd: clone,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  })
  const state = { child, output: "", stdout: "" }
  child.stdout.setEncoding("utf8").on("data", (text) => {
    state.output += text
    state.stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text) => {
    state.output += text
  })
  const kill = () => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, "SIGKILL")
    } catch {
      // Nobody is left, which is what we want.
    }
  }
  const timer = setTimeout(() => {
    state.output += `\n[killed after ${minutes} minutes]`
    kill()
  }, minutes * 60_000)
  state.closed = new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer)
      kill()
      resolve({ code, signal })
    })
  })
  return state
}

async function runToEnd(command, minutes) {
  const state = start(command, minutes)
  const { code } = await state.closed
  return { ok: code === 0, output: state.output, stdout: state.stdout }
}

const until = async (condition, seconds) => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    const found = await condition()
    if (found) return found
    await new Promise((resolve) => {
      setTimeout(resolve, 100)
    })
  }
  return undefined
}

const status = async (url) => {
  try {
    return (await fetch(url, { headers: { connection: "close" } })).status
  } catch {
    return undefined
  }
}

/** `npm start`: a banner, answers, and nothing left after a SIGTERM to npm. */
async function npmStart() {
  const state = start(["npm", "start"], 5)
  const said = until(() => /http:\/\/[\d.]+:\d+/.exec(state.stdout)?.[0], 240)
  const url = await Promise.race([said, state.closed.then(() => undefined)])
  if (url === undefined) {
    state.child.kill("SIGKILL")
    return { ok: false, output: `${state.output}\nno address was printed` }
  }
  const [fast, slow] = [await status(`${url}/fast`), await status(`${url}/`)]
  const inFlight = status(`${url}/block?ms=2000`)
  await until(() => false, 0.5)
  state.child.kill("SIGTERM")
  const finished = await inFlight
  const gone = await until(async () => (await status(`${url}/fast`)) === undefined, 30)
  const ended = await Promise.race([state.closed, until(() => false, 30)])
  const ok =
    fast === 200 && slow === 200 && finished === 200 && gone === true && ended !== undefined
  return {
    ok,
    output: `${state.output}\n/fast ${fast}, / ${slow}, in flight at SIGTERM ${finished}, gone ${gone}, ended ${JSON.stringify(ended)}`,
  }
}

/** The same without a network: every registry is behind a proxy that is not there. */
async function offline(step) {
  const npmrc = join(home, ".npmrc")
  const nowhere = "http://127.0.0.1:9/"
  writeFileSync(npmrc, `proxy=${nowhere}\nhttps-proxy=${nowhere}\nfetch-retries=0\n`)
  const result = await step()
  rmSync(npmrc)
  return result
}

const toolchain = (...command) => ["node", "scripts/with-toolchain.mjs", "--run", ...command]
const turbo = (task) => () =>
  runToEnd(toolchain("turbo", "run", task, "--output-logs=errors-only"), 10)

/** What is said again at the very end when something has failed. */
const endings = []

const sum = { passed: 0, failed: 0, skipped: 0 }

async function npmTest() {
  const result = await runToEnd(["npm", "test"], 30)
  const line = [...result.stdout.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1)
  if (line === undefined) return { ...result, ok: false }
  sum.passed += Number(line[1])
  sum.failed += Number(line[2])
  sum.skipped += Number(line[3])
  // What it printed at its end is worth reading also when all is well, and once more at our end.
  const summary = result.stdout.slice(result.stdout.search(/^packages\/\S+ +\d+ passed/m)).trim()
  console.log(summary)
  endings.push(summary)
  return result
}

/** @type {ReadonlyArray<[name: string, step: () => Promise<{ ok: boolean, output: string }>]>} */
const steps = [
  ["npm start, the first time", npmStart],
  ["npm start, again and without a network", () => offline(npmStart)],
  ["npm test", npmTest],
  ["npm test, again and without a network", () => offline(() => runToEnd(["npm", "test"], 10))],
  ["build", turbo("build")],
  ["types", turbo("typecheck")],
  ["types of scripts and workspace tests", turbo("typecheck:workspace")],
  ["Effect diagnostics", turbo("lint")],
  ["lint", turbo("lint:code")],
  ["format", turbo("lint:format")],
  ["unused code and dependencies", turbo("lint:unused")],
  ["package exports", turbo("check:package")],
]

async function main() {
  const cloned = spawnSync("git", ["clone", "--quiet", "--no-hardlinks", root, clone], {
    stdio: "inherit",
  })
  if (cloned.status !== 0) throw new Error("could not copy the clone")
  furnish()
  for (const [name, step] of steps) {
    const began = Date.now()
    const { ok, output } = await step()
    const seconds = ((Date.now() - began) / 1000).toFixed(1)
    if (ok) sum.passed++
    else {
      sum.failed++
      console.log(output)
      endings.push(`FAILED ${name}`)
    }
    console.log(`${ok ? "ok    " : "FAILED"} ${name} (${seconds} s)`)
  }
}

try {
  await main()
} finally {
  rmSync(room, { recursive: true, force: true, maxRetries: 3 })
}
if (sum.failed > 0) console.log(`\n${endings.join("\n")}\n`)
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
process.exit(sum.failed > 0 ? 1 : 0)
