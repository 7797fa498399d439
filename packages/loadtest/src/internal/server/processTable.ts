/** Which processes there are: from /proc where there is one, else from `ps`. */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { readFile, readdir } from "node:fs/promises"

export interface Process {
  readonly pid: number
  readonly ppid: number
  /** The process group. */
  readonly group: number
  /** With `pid` it tells a process from a later one of the same number. */
  readonly started: string
}

/** The name in brackets may hold anything, spaces and brackets too, so fields count from its end. */
const parseStat = (pid: number, stat: string): Process | undefined => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const [state, ppid, group] = fields
  return state === "Z" || state === "X" || state === undefined
    ? undefined
    : { pid, ppid: Number(ppid), group: Number(group), started: fields[19] ?? "" }
}

const fromProc = async (): Promise<ReadonlyArray<Process>> => {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0)
  const stats = await Promise.all(
    pids.map((pid) =>
      readFile(`/proc/${pid}/stat`, "utf8").then(
        (stat) => parseStat(pid, stat),
        // It has ended meanwhile.
        () => undefined,
      ),
    ),
  )
  return stats.filter((one) => one !== undefined)
}

const fromPs = (): Promise<ReadonlyArray<Process>> =>
  new Promise((resolve, reject) => {
    execFile("ps", ["-axo", "pid=,ppid=,pgid=,stat=,lstart="], (error, stdout) => {
      if (error !== null) return reject(error)
      return resolve(
        stdout.split("\n").flatMap((line) => {
          const [pid, ppid, group, state, ...started] = line.trim().split(/\s+/)
          return state === undefined || state.startsWith("Z")
            ? []
            : [
                {
                  pid: Number(pid),
                  ppid: Number(ppid),
                  group: Number(group),
                  started: started.join(" "),
                },
              ]
        }),
      )
    })
  })

/** All that live; zombies do not. */
export const read = (): Promise<ReadonlyArray<Process>> =>
  existsSync("/proc/self/stat") ? fromProc() : fromPs()

/** Of `pid`: its process group, and what descends from it, whatever the group. */
export const family = (table: ReadonlyArray<Process>, pid: number): ReadonlyArray<Process> => {
  const members = new Set(table.filter((one) => one.pid === pid || one.group === pid))
  const pids = new Set([pid, ...[...members].map((one) => one.pid)])
  for (let grown = true; grown;) {
    grown = false
    for (const one of table) {
      if (members.has(one) || !pids.has(one.ppid)) continue
      members.add(one)
      pids.add(one.pid)
      grown = true
    }
  }
  return [...members]
}

/** Those of `before` that live still. */
export const survivors = (
  before: ReadonlyArray<Process>,
  now: ReadonlyArray<Process>,
): ReadonlyArray<Process> => {
  const key = ({ pid, started }: Process): string => `${pid} ${started}`
  const living = new Set(now.map(key))
  return before.filter((one) => living.has(key(one)))
}
