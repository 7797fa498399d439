import { parentPort } from "node:worker_threads"

import { cpuOfProcess, greet, type Greeting } from "../work.ts"

export type Question =
  | { readonly id: number; readonly method: "Greet"; readonly payload: Greeting }
  | { readonly id: number; readonly method: "Echo"; readonly payload: Uint8Array }
  | { readonly id: number; readonly method: "Cpu" }

export interface Answer {
  readonly id: number
  readonly result: unknown
}

const resultOf = (question: Question): unknown => {
  if (question.method === "Greet") return greet(question.payload)
  return question.method === "Echo" ? question.payload : cpuOfProcess()
}

const answer = (question: Question): Answer => ({ id: question.id, result: resultOf(question) })

if (parentPort === null) {
  process.on("message", (question: Question) => process.send?.(answer(question)))
} else {
  const port = parentPort
  port.on("message", (question: Question) => port.postMessage(answer(question)))
}
