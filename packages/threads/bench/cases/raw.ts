/** The floor: two Workers, `postMessage` to the one that has less to do, and a map of what waits. */
import { once } from "node:events"
import { Worker } from "node:worker_threads"

import type { Case } from "@manycore/bench"

import type { Answer, Question } from "../entries/raw.ts"
import { makeCase, threads, workOf } from "../work.ts"

interface Thread {
  readonly worker: Worker
  busy: number
}

const start = async (): Promise<Thread> => {
  const worker = new Worker(new URL("../entries/raw.ts", import.meta.url))
  await once(worker, "online")
  return { worker, busy: 0 }
}

const entry: Case.Make = async (context: Case.Context): Promise<Case.Case> => {
  const work = workOf(context)
  const pool = await Promise.all(Array.from({ length: threads }, start))
  const waiting = new Map<number, (result: unknown) => void>()
  for (const thread of pool) {
    thread.worker.on("message", ({ id, result }: Answer) => {
      thread.busy--
      waiting.get(id)?.(result)
      waiting.delete(id)
    })
  }
  let lastId = 0
  const run = (seed: number): Promise<unknown> =>
    new Promise((resolve) => {
      const thread = pool.reduce((least, other) => (other.busy < least.busy ? other : least))
      const question: Question = { id: ++lastId, task: work.task, seed }
      thread.busy++
      waiting.set(question.id, resolve)
      thread.worker.postMessage(question)
    })
  return makeCase(
    work,
    ({ ended, inFlight, next }) => {
      const lane = async (): Promise<void> => {
        for (let seed = next(); seed !== undefined; seed = next()) ended(seed, await run(seed))
      }
      return Promise.all(Array.from({ length: inFlight }, lane))
    },
    () => Promise.all(pool.map(({ worker }) => worker.terminate())),
  )
}

export default entry
