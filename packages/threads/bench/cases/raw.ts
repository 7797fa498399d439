/** The floor: Workers, `postMessage` to the one that has less to do, and a map of what waits. */
import { once } from "node:events"
import { Worker } from "node:worker_threads"

import type { Case } from "@manycore/bench"

import type { Start } from "../Competitor.ts"
import type { Answer, Question } from "../entries/raw.ts"
import { makeCase } from "../measure.ts"

interface Thread {
  readonly worker: Worker
  busy: number
}

const begin: Start = async ({ movesBack = false, threads }) => {
  const pool = await Promise.all(
    Array.from({ length: threads }, async (): Promise<Thread> => {
      const worker = new Worker(new URL("../entries/raw.ts", import.meta.url), {
        workerData: movesBack,
      })
      await once(worker, "online")
      return { worker, busy: 0 }
    }),
  )
  const waiting = new Map<number, (result: unknown) => void>()
  for (const thread of pool) {
    thread.worker.on("message", ({ id, result }: Answer) => {
      thread.busy--
      waiting.get(id)?.(result)
      waiting.delete(id)
    })
  }
  let lastId = 0
  return {
    run: (task, payload, options) =>
      new Promise((resolve) => {
        const thread = pool.reduce((least, other) => (other.busy < least.busy ? other : least))
        const question: Question = { id: ++lastId, task, payload }
        thread.busy++
        waiting.set(question.id, resolve)
        thread.worker.postMessage(question, [...(options?.transfer ?? [])])
      }),
    close: () => Promise.all(pool.map(({ worker }) => worker.terminate())),
  }
}

const entry: Case.Make = makeCase(begin)

export default entry
