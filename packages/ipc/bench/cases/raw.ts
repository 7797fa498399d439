/**
 * The floor: `process.send`, or `postMessage`, and a map of what waits. Buffers that come and go make
 * the garbage collector walk the heap, so beside the bare floor there is one with a heap like ours.
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"

import type { Case } from "@manycore/bench"

import { type Answer, loadsOurs, type Question } from "../rawMessages.ts"
import { besideOurs, greetingOf, makeCase, promiseLanes, workOf } from "../work.ts"

const file = new URL("../peers/raw.ts", import.meta.url)

interface Peer {
  readonly send: (question: Question) => void
  readonly listen: (onAnswer: (answer: Answer) => void) => void
  readonly close: () => Promise<unknown>
}

/** Node's default, JSON, is the faster one for small messages; bytes need the other. */
const process = (serialization: "json" | "advanced", args: Array<string>): Peer => {
  const child = fork(fileURLToPath(file), args, { serialization })
  return {
    send: (question) => child.send(question),
    listen: (onAnswer) => child.on("message", onAnswer),
    close: () => {
      child.disconnect()
      return once(child, "exit")
    },
  }
}

const thread = (argv: Array<string>): Peer => {
  const worker = new Worker(file, { argv })
  return {
    send: (question) => worker.postMessage(question),
    listen: (onAnswer) => worker.on("message", onAnswer),
    close: () => worker.terminate(),
  }
}

const entry: Case.Make = async (context: Case.Context): Promise<Case.Case> => {
  const work = workOf(context)
  const isEcho = work.call === "Echo"
  const args = context.competitor === besideOurs ? [loadsOurs] : []
  if (args.length > 0) await import("@manycore/ipc")
  const peer = work.peer === "process" ? process(isEcho ? "advanced" : "json", args) : thread(args)
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
