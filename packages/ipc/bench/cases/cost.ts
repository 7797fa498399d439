/** What one MiB there and back costs: copied, moved or shared. One call after the other. */
import { type Case, Statistics } from "@manycore/bench"
import { Ipc } from "@manycore/ipc"
import { Effect } from "effect"

import { Costs, mebibyte } from "../Costs.ts"
import { open } from "../open.ts"

type Way = "process, copied" | "thread, copied" | "thread, moved" | "thread, shared"

const ways: ReadonlyArray<Way> = [
  "process, copied",
  "thread, copied",
  "thread, moved",
  "thread, shared",
]

const wayOf = ({ input }: Case.Context): Way => {
  const way = ways.find((way) => way === input)
  if (way === undefined) throw new Error("the workload's input is no way")
  return way
}

const file = new URL("../peers/costs.ts", import.meta.url)

const entry: Case.Make = (context: Case.Context) =>
  Effect.gen(function* () {
    const way = wayOf(context)
    const channel = yield* open(way.startsWith("process") ? "process" : "thread", file)
    const client = yield* Ipc.client(Costs, channel)
    let bytes = new Uint8Array(mebibyte)
    const memory = new SharedArrayBuffer(mebibyte)
    const first = new Uint8Array(memory)

    /** One round trip; true when what came back is what must. */
    const trip = (n: number) => {
      if (way === "thread, shared") {
        const before = Atomics.load(first, 0)
        return Effect.map(
          client.Share({ memory }),
          () => Atomics.load(first, 0) === ((before + 1) & 255),
        )
      }
      bytes[n % mebibyte] = n & 255
      const isRight = (answer: Uint8Array) =>
        answer.byteLength === mebibyte && answer[n % mebibyte] === (n & 255)
      if (way !== "thread, moved") return Effect.map(client.Copy({ bytes }), isRight)
      return Effect.map(client.Move({ bytes }), (answer) => {
        // What was moved is ours again, and goes out once more.
        bytes = answer
        return isRight(answer)
      })
    }

    const trips = (count: number) =>
      Effect.gen(function* () {
        const millis: Array<number> = []
        for (let n = 0; n < count; n++) {
          const began = performance.now()
          if (!(yield* trip(n))) throw new Error(`round trip ${n} came back wrong`)
          millis.push(performance.now() - began)
        }
        return Statistics.median(millis) * 1000
      })

    return {
      check: () => trips(200),
      measure: () =>
        Effect.map(trips(500), (value) => [{ metric: "time there and back", unit: "µs", value }]),
    }
  })

export default entry
