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
  /** What of it was the kernel's. */
  readonly kernelSeconds: number
  readonly peakMiB: number
}

/** Core 0 for generators, core 1 for servers, where that can be chosen. */
export const pinned = (core: 0 | 1, command: ReadonlyArray<string>): ReadonlyArray<string> =>
  programs.taskset.path === undefined
    ? command
    : [programs.taskset.path, "-c", String(core), ...command]

type Watched = Pick<Run, "cpuSeconds" | "kernelSeconds" | "peakMiB">

const read = (pid: number): Watched | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The name of the command, in brackets, may contain anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticks,
      kernelSeconds: Number(fields[12]) / ticks,
      peakMiB: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
    }
  } catch {
    return undefined
  }
}

/** `watch`: what it takes is of interest; to look at it takes some of the machine's time too. */
export const run = (
  command: ReadonlyArray<string>,
  { watch }: { readonly watch: boolean } = { watch: true },
): Promise<Run> =>
  new Promise((resolve, reject) => {
    const [file = "", ...args] = pinned(0, command)
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "ignore"] })
    let stdout = ""
    let watched: Watched = { cpuSeconds: 0, kernelSeconds: 0, peakMiB: 0 }
    const look = (): void => {
      const found = child.pid === undefined ? undefined : read(child.pid)
      // A process that has just ended has no memory any more.
      if (found !== undefined && found.peakMiB > 0) watched = found
    }
    const looking = watch ? setInterval(look, 20) : undefined
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text))
    child.once("error", reject)
    child.once("close", (code) => {
      clearInterval(looking)
      resolve({ stdout, code, ...watched })
    })
  })
