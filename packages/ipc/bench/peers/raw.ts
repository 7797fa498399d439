import { parentPort } from "node:worker_threads"

import { greet, type Greeting } from "../work.ts"

export type Question =
  | { readonly id: number; readonly method: "Greet"; readonly payload: Greeting }
  | { readonly id: number; readonly method: "Echo"; readonly payload: Uint8Array }

export interface Answer {
  readonly id: number
  readonly result: unknown
}

const answer = (question: Question): Answer => ({
  id: question.id,
  result: question.method === "Greet" ? greet(question.payload) : question.payload,
})

if (parentPort === null) {
  process.on("message", (question: Question) => process.send?.(answer(question)))
} else {
  const port = parentPort
  port.on("message", (question: Question) => port.postMessage(answer(question)))
}
