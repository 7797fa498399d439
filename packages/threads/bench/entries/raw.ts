import { parentPort, type Transferable, workerData } from "node:worker_threads"

import { empty, mix, type Task, touch } from "../work.ts"

export interface Question {
  readonly id: number
  readonly task: Task
  readonly payload: unknown
}

export interface Answer {
  readonly id: number
  readonly result: unknown
}

const run = ({ payload, task }: Question): unknown => {
  if (task === "empty") return empty()
  if (task === "mix") return mix(Number(payload))
  return payload instanceof Uint8Array ? touch(payload) : undefined
}

const movesBack: unknown = workerData

parentPort?.on("message", (question: Question) => {
  const answer: Answer = { id: question.id, result: run(question) }
  const { result } = answer
  const transfer: Array<Transferable> =
    movesBack === true && result instanceof Uint8Array && result.buffer instanceof ArrayBuffer
      ? [result.buffer]
      : []
  parentPort?.postMessage(answer, transfer)
})
