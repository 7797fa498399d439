import { parentPort } from "node:worker_threads"

import { type Answer, loadsOurs, type Question } from "../rawMessages.ts"
import { cpuOfProcess, greet } from "../work.ts"

if (process.argv.includes(loadsOurs)) await import("@manycore/ipc")

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
