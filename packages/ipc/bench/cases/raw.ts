/** The floor: `process.send`, or `postMessage`, and a map of what waits. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"

import type { Case } from "@manycore/bench"

import type { Answer, Question } from "../peers/raw.ts"
import { greetingOf, makeCase, promiseLanes, workOf } from "../work.ts"

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
  const isEcho = work.call === "Echo"
  const peer = work.peer === "process" ? process(isEcho ? "advanced" : "json") : thread()
  const waiting = new Map<number, (result: unknown) => void>()
  peer.listen(({ id, result }) => {
    waiting.get(id)?.(result)
    waiting.delete(id)
  })
  let lastId = 0
  const ask = (question: (id: number) => Question): Promise<unknown> =>
    new Promise((resolve) => {
      const id = ++lastId
      waiting.set(id, resolve)
      peer.send(question(id))
    })
  return makeCase(work, {
    run: promiseLanes((n, lane) =>
      ask((id) =>
        isEcho
          ? { id, method: "Echo", payload: lane.bytes(n) }
          : { id, method: "Greet", payload: greetingOf(n) },
      ),
    ),
    cpuOfPeer: async () => Number(await ask((id) => ({ id, method: "Cpu" }))),
    close: peer.close,
  })
}

export default entry
