import { parentPort } from "node:worker_threads"

import { mix, type Work } from "../work.ts"

export interface Question {
  readonly id: number
  readonly task: Work["task"]
  readonly seed: number
}

export interface Answer {
  readonly id: number
  readonly result: unknown
}

parentPort?.on("message", ({ id, seed, task }: Question) => {
  const answer: Answer = { id, result: task === "Empty" ? undefined : mix(seed) }
  parentPort?.postMessage(answer)
})
