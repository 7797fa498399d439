/** The workloads, for any competitor: each checks what it measures before the time counts. */
import { execFileSync } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"

import type { Case } from "@manycore/bench"

import { type Pass, promiseLanes, type Runner, type Start } from "./Competitor.ts"
import { mix, type Task, threads } from "./work.ts"

export type Workload =
  | { readonly kind: "throughput"; readonly task: "empty" | "mix"; readonly inFlight: number }
  | { readonly kind: "latency"; readonly pinned: boolean }
  | { readonly kind: "bytes"; readonly how: "copied" | "transferred" | "shared" }
  | { readonly kind: "start" }
  | { readonly kind: "memory" }
  | { readonly kind: "abort" }

const isWorkload = (input: unknown): input is Workload =>
  typeof input === "object" && input !== null && "kind" in input

const mebibyte = 1024 * 1024

/** ms of work before what is measured: what a fresh process runs for the first time, it compiles. */
const warmUp = 500

/** Tasks per second. */
const tasksPerSecond = async (
  runner: Runner,
  task: Task,
  inFlight: number,
  millis: number,
  isRight: (seed: number, result: unknown) => boolean,
): Promise<number> => {
  let begun = 0
  let ended = 0
  const began = performance.now()
  const pass = {
    task,
    inFlight,
    next: () => (performance.now() - began < millis ? begun++ : undefined),
    ended: (seed: number, result: unknown) => {
      if (!isRight(seed, result)) throw new Error(`the result of task ${seed} is wrong`)
      ended++
    },
  }
  await (runner.lanes === undefined ? promiseLanes(runner, pass) : runner.lanes(pass))
  if (ended !== begun) throw new Error(`${ended} of ${begun} tasks have ended`)
  return (ended * 1000) / (performance.now() - began)
}

const throughput = (runner: Runner, task: "empty" | "mix", inFlight: number): Case.Case => {
  const isRight = (seed: number, result: unknown) =>
    task === "empty"
      ? result === undefined || result === null
      : seed % 20 !== 0 || result === mix(seed)
  return {
    check: async () => (await tasksPerSecond(runner, task, inFlight, warmUp, isRight)) > 0,
    measure: async () => {
      const value = await tasksPerSecond(runner, task, inFlight, 700, () => true)
      const rate = { metric: "tasks per second", unit: "1/s", value }
      if (task === "empty") return [rate]
      // The same work on this thread, while the others rest.
      const began = performance.now()
      let alone = 0
      for (; performance.now() - began < 300; alone++) mix(alone)
      const single = (alone * 1000) / (performance.now() - began)
      return [rate, { metric: "speed-up", unit: "times one thread", value: value / single }]
    },
    close: runner.close,
  }
}

const percentile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

const latencies = async (runner: Runner, millis: number): Promise<Array<number>> => {
  const all: Array<number> = []
  const until = performance.now() + millis
  const pass: Pass = {
    task: "empty",
    inFlight: 1,
    next: () => (performance.now() < until ? all.push(performance.now()) : undefined),
    ended: () => {
      all.push(performance.now() - (all.pop() ?? 0))
    },
  }
  await (runner.lanes === undefined ? promiseLanes(runner, pass) : runner.lanes(pass))
  return all.toSorted((a, b) => a - b)
}

const latency = (runner: Runner): Case.Case => ({
  check: async () => (await latencies(runner, warmUp)).length > 10,
  measure: async () => {
    const sorted = await latencies(runner, 800)
    return [0.5, 0.99].map((share) => ({
      metric: `p${share * 100}`,
      unit: "µs",
      value: percentile(sorted, share) * 1000,
    }))
  },
  close: runner.close,
})

/**
 * The same memory again and again: fresh pages cost more than to hand them over, and would hide it. What
 * was transferred comes back and goes again; of what is copied only the copies are new.
 */
const bytes = (runner: Runner, how: "copied" | "transferred" | "shared"): Case.Case => {
  const memory = how === "shared" ? new SharedArrayBuffer(mebibyte) : new ArrayBuffer(mebibyte)
  let sent = new Uint8Array(memory)
  const once = async (): Promise<void> => {
    const expected = ((sent[4096] ?? 0) + 1) & 255
    const given = sent
    const transfer =
      how === "transferred" && given.buffer instanceof ArrayBuffer ? [given.buffer] : []
    const back = await runner.run("touch", given, { transfer })
    if (!(back instanceof Uint8Array) || back.length !== mebibyte || back[4096] !== expected) {
      throw new Error("the bytes came back wrong")
    }
    if (how === "shared" && given[4096] !== expected) throw new Error("they were not shared")
    if (how === "transferred") {
      if (given.length > 0) throw new Error("the bytes were not transferred")
      sent = back
    }
  }
  return {
    check: async () => {
      for (let i = 0; i < 50; i++) await once()
    },
    measure: async () => {
      const began = performance.now()
      let count = 0
      for (; performance.now() - began < 500; count++) await once()
      return [
        {
          metric: "MiB there and back",
          unit: "µs",
          value: ((performance.now() - began) * 1000) / count,
        },
      ]
    },
    close: runner.close,
  }
}

/** From nothing to the first result, of one thread; everything of the parent's is loaded before. */
const start = async (begin: Start): Promise<Case.Case> => {
  const once = async (): Promise<number> => {
    const began = performance.now()
    const runner = await begin({ threads: 1 })
    await runner.run("empty", 0)
    const took = performance.now() - began
    await runner.close()
    return took
  }
  return {
    check: async () => (await once()) > 0 && (await once()) > 0,
    measure: async () => {
      const times: Array<number> = []
      for (let i = 0; i < 7; i++) times.push(await once())
      const value = percentile(
        times.toSorted((a, b) => a - b),
        0.5,
      )
      return [{ metric: "start to first result", unit: "ms", value }]
    },
  }
}

const residentMiB = async (): Promise<number> => {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.()
    await sleep(50)
  }
  return process.memoryUsage().rss / mebibyte
}

const use = async (runner: Runner): Promise<void> => {
  await Promise.all(Array.from({ length: 60 }, (_, i) => runner.run("mix", i)))
}

const memory = (begin: Start): Case.Case => {
  const many = 6
  return {
    // The parent's share is paid with the first thread.
    check: async () => {
      const runner = await begin({ threads: 1 })
      await use(runner)
      await runner.close()
    },
    measure: async () => {
      const one = await begin({ threads: 1 })
      await use(one)
      const before = await residentMiB()
      const runner = await begin({ threads: many })
      await use(runner)
      const after = await residentMiB()
      await runner.close()
      await one.close()
      return [{ metric: "memory per thread", unit: "MiB", value: (after - before) / many }]
    },
  }
}

/** From the abort of a task that never ends to the first result of a thread in its place. */
const abort = async (begin: Start): Promise<Case.Case> => {
  const runner = await begin({ threads: 1 })
  const once = async (): Promise<number> => {
    const controller = new AbortController()
    const stuck = runner.run("spin", 0, { signal: controller.signal }).then(
      () => false,
      () => true,
    )
    // The task spins by then, and a spare is ready where there is one.
    await sleep(400)
    const began = performance.now()
    controller.abort(new Error("aborted"))
    await runner.run("empty", 0)
    const took = performance.now() - began
    if (!(await stuck)) throw new Error("the task was not aborted")
    return took
  }
  return {
    check: async () => (await once()) > 0,
    measure: async () => {
      const times: Array<number> = []
      for (let i = 0; i < 3; i++) times.push(await once())
      const value = percentile(
        times.toSorted((a, b) => a - b),
        0.5,
      )
      return [{ metric: "abort to usable", unit: "ms", value }]
    },
    close: runner.close,
  }
}

/** Of util-linux. */
const pinner = "taskset"

/** One core for this process and all threads that it will start. */
const pin = (): void => {
  execFileSync(pinner, ["-acp", "0", String(process.pid)])
}

export const makeCase =
  (begin: Start): Case.Make =>
  async ({ input }) => {
    if (!isWorkload(input)) throw new Error("the workload's input is none")
    switch (input.kind) {
      case "throughput": {
        return throughput(await begin({ threads }), input.task, input.inFlight)
      }
      case "latency": {
        if (input.pinned) pin()
        return latency(await begin({ threads: 1 }))
      }
      case "bytes": {
        return bytes(await begin({ threads: 1, movesBack: input.how === "transferred" }), input.how)
      }
      case "start": {
        return start(begin)
      }
      case "memory": {
        return memory(begin)
      }
      default: {
        return abort(begin)
      }
    }
  }
