/** The floor: `process.send`, or `postMessage`, and a map of what waits. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"

import type { Case } from "@manycore/bench"

import type { Answer, Question } from "../peers/raw.ts"
import { bytesOf, greetingOf, makeCase, workOf } from "../work.ts"

const file = new URL("../peers/raw.ts", import.meta.url)

interface Peer {
  readonly send: (question: Question) => void
  readonly listen: (onAnswer: (answer: Answer) => void) => void
  readonly close: () => Promise<unknown>
}

/** Node's default, JSON, is the faster one for small messages; bytes need the other. */
const process = (serialization: "json" | "advanced"): Peer => {
  const child = fork(fileURLToPath(file), { serialization })
  return {
    send: (question) => child.send(question),
    listen: (onAnswer) => child.on("message", onAnswer),
    close: () => {
      child.disconnect()
      return once(child, "exit")
    },
  }
}

const thread = (): Peer => {
  const worker = new Worker(file)
  return {
    send: (question) => worker.postMessage(question),
    listen: (onAnswer) => worker.on("message", onAnswer),
    close: () => worker.terminate(),
  }
}

const entry: Case.Make = (context: Case.Context): Case.Case => {
  const work = workOf(context)
  const bytes = bytesOf(work)
  const peer = work.peer === "process" ? process(work.echo === 0 ? "json" : "advanced") : thread()
  const waiting = new Map<number, (result: unknown) => void>()
  peer.listen(({ id, result }) => {
    waiting.get(id)?.(result)
    waiting.delete(id)
  })
  let lastId = 0
  const call = (n: number): Promise<unknown> =>
    new Promise((resolve) => {
      const id = ++lastId
      waiting.set(id, resolve)
      peer.send(
        work.echo === 0
          ? { id, method: "Greet", payload: greetingOf(n) }
          : { id, method: "Echo", payload: bytes },
      )
    })
  return makeCase(
    work,
    ({ answered, inFlight, next }) => {
      const lane = async (): Promise<void> => {
        for (let n = next(); n !== undefined; n = next()) answered(n, await call(n))
      }
      return Promise.all(Array.from({ length: inFlight }, lane))
    },
    peer.close,
  )
}

export default entry
