/**
 * What every case of shared memory does: two threads work for a time, each counts, and what they share
 * must agree. It loads nothing of ours, because the raw case uses it.
 */
import { once } from "node:events"
import { MessageChannel, type MessagePort, type Transferable, Worker } from "node:worker_threads"

import type { Case } from "@manycore/bench"

export type SharedWork = "counter" | "mutex" | "handOver" | "ring" | "wake"

const works = new Set<unknown>(["counter", "mutex", "handOver", "ring", "wake"])

const isInput = (input: unknown): input is { readonly work: SharedWork } =>
  typeof input === "object" && input !== null && "work" in input && works.has(input.work)

export const workOf = ({ input }: Case.Context): SharedWork => {
  if (!isInput(input)) throw new Error("the workload's input names no work")
  return input.work
}

export const MESSAGE_BYTES = 64

export interface Start<Memory> {
  readonly work: SharedWork
  /** 0 or 1; in `ring` and `wake` 0 writes and 1 reads. */
  readonly side: number
  readonly memory: Memory
  /** Of nobody else: for what has no shared memory, such as `postMessage`. */
  readonly port: MessagePort
}

/** Answers how often it did its work in so many milliseconds. */
export interface Command {
  readonly millis: number
}

interface Count {
  readonly count: number
}

/** Milliseconds on a clock that all threads share. */
export const now = (): number => performance.timeOrigin + performance.now()

/** Two threads of a competitor, and one pass of both. */
const startThreads = (entry: URL, work: SharedWork, memory: unknown) => {
  const { port1, port2 } = new MessageChannel()
  const threads = [port1, port2].map((port, side) => {
    const workerData: Start<unknown> = { work, side, memory, port }
    const transferList: ReadonlyArray<Transferable> = [port]
    return new Worker(entry, { workerData, transferList: [...transferList] })
  })
  return {
    pass: async (millis: number): Promise<ReadonlyArray<number>> => {
      const counts = threads.map(async (thread) => {
        const [answer]: Array<Count> = await once(thread, "message")
        return answer?.count ?? Number.NaN
      })
      for (const thread of threads) thread.postMessage({ millis } satisfies Command)
      return Promise.all(counts)
    },
    close: () => Promise.all(threads.map((thread) => thread.terminate())),
  }
}

const percentile = (sorted: ReadonlyArray<number>, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

const MILLIS = 1000
const WAKES = 500

interface Competitor {
  readonly entry: URL
  readonly memory: unknown
  /** What both threads added to, after the passes so far. */
  readonly total: () => number
  /** `wake`: wait for a wake-up that says when it was sent; the thread sends the next one afterwards. */
  readonly awaken: () => Promise<number>
}

const wakes = async (competitor: Competitor, count: number): Promise<ReadonlyArray<number>> => {
  const { close, pass } = startThreads(competitor.entry, "wake", competitor.memory)
  const ended = pass(count)
  const micros: Array<number> = []
  for (let i = 0; i < count; i++) {
    const sent = await competitor.awaken()
    micros.push((now() - sent) * 1000)
  }
  await ended
  await close()
  return micros.toSorted((a, b) => a - b)
}

export const makeCase = (work: SharedWork, competitor: Competitor): Case.Case => {
  if (work === "wake") {
    return {
      check: async () => (await wakes(competitor, 20)).length === 20,
      measure: async () => {
        const micros = await wakes(competitor, WAKES)
        return [
          { metric: "latency p50", unit: "µs", value: percentile(micros, 0.5) },
          { metric: "latency p99", unit: "µs", value: percentile(micros, 0.99) },
        ]
      },
    }
  }
  const threads = startThreads(competitor.entry, work, competitor.memory)
  let expected = 0
  const pass = async (millis: number): Promise<number> => {
    const began = performance.now()
    const [first = 0, second = 0] = await threads.pass(millis)
    const seconds = (performance.now() - began) / 1000
    if (work === "ring") {
      if (first !== second || first === 0) throw new Error(`${first} written, ${second} read`)
      return first / seconds
    }
    expected += first + second
    if (competitor.total() !== expected) throw new Error(`${competitor.total()}, not ${expected}`)
    return (first + second) / seconds
  }
  return {
    check: async () => (await pass(300)) > 0,
    measure: async () => {
      const metric = work === "ring" ? "messages per second" : "operations per second"
      return [{ metric, unit: "1/s", value: await pass(MILLIS) }]
    },
    close: threads.close,
  }
}
