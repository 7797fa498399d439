/** From nothing to the first answer of a new peer: ours bare, ours with Effect, raw, and Effect's own. */
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"

import { type Case, Statistics } from "@manycore/bench"
import { Ipc } from "@manycore/ipc"
import { Effect } from "effect"
import * as RpcClient from "effect/rpc/RpcClient"

import { Contract, GuardClient } from "../Contract.ts"
import { effectProtocol } from "../effectProtocol.ts"
import { open } from "../open.ts"
import { greet, greetingOf, workOf, type Work } from "../work.ts"

const peer = (name: string) => new URL(`../peers/${name}.ts`, import.meta.url)

const greeting = greetingOf(1)

const ours = (kind: Work["peer"], file: URL) =>
  Effect.gen(function* () {
    const client = yield* Effect.provide(Ipc.client(Contract, yield* open(kind, file)), GuardClient)
    return yield* client.Greet(greeting)
  })

const effects = (kind: Work["peer"]) =>
  Effect.gen(function* () {
    const client = yield* RpcClient.make(Contract)
    return yield* client.Greet(greeting)
  }).pipe(
    Effect.provide([
      GuardClient,
      effectProtocol({ call: "Greet", inFlight: 1, peer: kind }, peer("effect")),
    ]),
  )

const raw = (kind: Work["peer"]) =>
  Effect.gen(function* () {
    const question = { id: 1, method: "Greet", payload: greeting }
    const one = yield* Effect.acquireRelease(
      Effect.sync(() =>
        kind === "process" ? fork(fileURLToPath(peer("raw"))) : new Worker(peer("raw")),
      ),
      (one) =>
        Effect.promise(async () => {
          const exited = once(one, "exit")
          if (one instanceof Worker) void one.terminate()
          else one.kill("SIGKILL")
          await exited
        }),
    )
    return yield* Effect.promise(async () => {
      const answered = once(one, "message")
      if (one instanceof Worker) one.postMessage(question)
      else one.send(question)
      const [answer] = await answered
      return answer.result
    })
  })

const startOf = (competitor: string, kind: Work["peer"]) => {
  switch (competitor) {
    case "manycore": {
      return ours(kind, peer("bare"))
    }
    case "manycore, Effect entry": {
      return ours(kind, peer("manycore"))
    }
    case "raw": {
      return raw(kind)
    }
    default: {
      return effects(kind)
    }
  }
}

const entry: Case.Make = (context: Case.Context): Case.Case => {
  const work = workOf(context)
  const once = Effect.scoped(
    Effect.gen(function* () {
      const began = performance.now()
      const answer = yield* startOf(context.competitor, work.peer)
      const millis = performance.now() - began
      if (JSON.stringify(answer) !== JSON.stringify(greet(greeting))) {
        throw new Error("the first answer is wrong")
      }
      return millis
    }),
  )
  return {
    // It also fills the system's cache of files.
    check: () => once,
    measure: () =>
      Effect.map(Effect.replicateEffect(once, 7), (all) => [
        { metric: "start to first answer", unit: "ms", value: Statistics.median(all) },
      ]),
  }
}

export default entry
