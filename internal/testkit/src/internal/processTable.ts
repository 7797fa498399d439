/**
 * The machine's processes, read from /proc where there is one, else from `ps`. Owns reading and parsing;
 * what a test concludes from it is `Census`'s. A zombie is dead: it is not in the table.
 */
import { execFile } from "node:child_process"
import { existsSync, readFileSync, readdirSync } from "node:fs"

import { Effect } from "effect"

export interface Process {
  readonly pid: number
  readonly ppid: number
  /** Command line, arguments joined by spaces. */
  readonly command: string
}

export const hasProc = existsSync("/proc/self/stat")

/** State letter and parent of a /proc/PID/stat line. The command in brackets may hold brackets itself. */
export const parseStat = (
  line: string,
): { readonly state: string; readonly ppid: number } | undefined => {
  const [state, ppid] = line.slice(line.lastIndexOf(")") + 2).split(" ")
  return state === undefined || ppid === undefined ? undefined : { state, ppid: Number(ppid) }
}

/** Lines of `ps -o pid=,ppid=,stat=,command=`; the zombies are left out. */
export const parsePs = (text: string): ReadonlyArray<Process> =>
  text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s*(.*)$/.exec(line)
    if (match === null || match[3]?.startsWith("Z") === true) return []
    return [{ pid: Number(match[1]), ppid: Number(match[2]), command: match[4] ?? "" }]
  })

/** All that descend from `root`, `root` itself not included, parents before children. */
export const descendants = (
  table: ReadonlyArray<Process>,
  root: number,
): ReadonlyArray<Process> => {
  const byParent = Map.groupBy(table, (process) => process.ppid)
  const found: Array<Process> = []
  const seen = new Set([root])
  const queue = [root]
  for (let pid = queue.shift(); pid !== undefined; pid = queue.shift()) {
    for (const child of byParent.get(pid) ?? []) {
      if (seen.has(child.pid)) continue
      seen.add(child.pid)
      found.push(child)
      queue.push(child.pid)
    }
  }
  return found
}

/** A file of /proc, or "" when its process has gone or is not ours to read. */
const readProc = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}

/** The stdout of a program and its pid; a non-zero exit with output is an answer too (lsof, ps). */
export const capture = (
  command: string,
  args: ReadonlyArray<string>,
): Effect.Effect<{ readonly pid: number | undefined; readonly stdout: string }> =>
  Effect.callback((resume) => {
    const child = execFile(
      command,
      [...args],
      { maxBuffer: 64 << 20, encoding: "utf8" },
      (error, stdout) => {
        const failed = error !== null && typeof error.code === "string"
        resume(failed ? Effect.die(error) : Effect.succeed({ pid: child.pid, stdout }))
      },
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const pids = (): ReadonlyArray<string> =>
  readdirSync("/proc").filter((name) => name.charCodeAt(0) >= 49 && name.charCodeAt(0) <= 57)

const procEntry = (pid: string): Process | undefined => {
  const stat = parseStat(readProc(`/proc/${pid}/stat`))
  if (stat === undefined || stat.state === "Z" || stat.state === "X") return undefined
  const command = readProc(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim()
  return { pid: Number(pid), ppid: stat.ppid, command }
}

/** What `ps` says, without itself; exported beside `readAll` so that Linux tests it too. */
export const fromPs = (flags: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Process>> =>
  Effect.map(capture("ps", [...flags, "-o", "pid=,ppid=,stat=,command="]), ({ pid, stdout }) =>
    parsePs(stdout).filter((process) => process.pid !== pid),
  )

/** Every live process of the machine. The `ps` that was run for it is not in it. */
export const readAll: Effect.Effect<ReadonlyArray<Process>> = hasProc
  ? Effect.sync(() => pids().flatMap((pid) => procEntry(pid) ?? []))
  : Effect.suspend(() => fromPs(["-A", "-ww"]))

/** Whether `pid` lives. Synchronous on Linux in effect; asks `ps` elsewhere. */
export const isAlive = (pid: number): Effect.Effect<boolean> =>
  hasProc
    ? Effect.sync(() => procEntry(String(pid)) !== undefined)
    : Effect.map(fromPs(["-p", String(pid)]), (found) => found.length > 0)

/** Every live process with `marker` in its command line or its environment, as far as we may read it. */
export const withMarker = (marker: string): Effect.Effect<ReadonlyArray<Process>> =>
  hasProc
    ? Effect.sync(() =>
        pids().flatMap((pid) => {
          const marked =
            readProc(`/proc/${pid}/cmdline`).replaceAll("\0", " ").includes(marker) ||
            readProc(`/proc/${pid}/environ`).includes(marker)
          return marked ? (procEntry(pid) ?? []) : []
        }),
      )
    : Effect.map(
        // -E prints the environment behind the command on macOS and the BSDs.
        fromPs(["-A", "-E", "-ww"]),
        (table) => table.filter((process) => process.command.includes(marker)),
      )
