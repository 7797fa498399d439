/**
 * Runs a load generator on one core and watches what it takes: processor time and peak memory, read
 * from /proc, so on Linux only; the server has the other core.
 */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"

import { programs } from "./programs.ts"

/** Clock ticks per second of /proc; 100 on every Linux that Node runs on. */
const ticks = 100

export interface Run {
  readonly stdout: string
  readonly code: number | null
  /** Of the whole process, all threads, user and system. */
  readonly cpuSeconds: number
  readonly peakMiB: number
}

/** Core 0 for generators, core 1 for servers, where that can be chosen. */
export const pinned = (core: 0 | 1, command: ReadonlyArray<string>): ReadonlyArray<string> =>
  programs.taskset.path === undefined
    ? command
    : [programs.taskset.path, "-c", String(core), ...command]

const read = (pid: number): { readonly cpu: number; readonly peak: number } | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The name of the command, in brackets, may contain anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return {
      cpu: (Number(fields[11]) + Number(fields[12])) / ticks,
      peak: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
    }
  } catch {
    return undefined
  }
}

export const run = (command: ReadonlyArray<string>): Promise<Run> =>
  new Promise((resolve, reject) => {
    const [file = "", ...args] = pinned(0, command)
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "ignore"] })
    let stdout = ""
    let cpuSeconds = 0
    let peakMiB = 0
    const look = setInterval(() => {
      const found = child.pid === undefined ? undefined : read(child.pid)
      if (found === undefined || found.peak === 0) return
      cpuSeconds = found.cpu
      peakMiB = found.peak
    }, 20)
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
    child.once("error", reject)
    child.once("close", (code) => {
      clearInterval(look)
      resolve({ stdout, code, cpuSeconds, peakMiB })
    })
  })
