import { Bench } from "@manycore/bench"

import { besideOurs, type Work } from "./work.ts"

const file = (name: string) => new URL(`./cases/${name}.ts`, import.meta.url)

const manycore = file("manycore")
const raw = file("raw")
const effect = file("effect")
const comlink = file("comlink")

/** Comlink talks over ports only. */
const competitors = (peer: Work["peer"]) =>
  peer === "thread" ? { manycore, raw, effect, comlink } : { manycore, raw, effect }

const small = (peer: Work["peer"], inFlight: number) => ({
  name: `unary small, ${peer}, ${inFlight} in flight`,
  input: { peer, inFlight, call: "Greet" } satisfies Work,
  cases: competitors(peer),
})

const bytes = (peer: Work["peer"], inFlight: number) => ({
  name: `64 KiB echo, ${peer}, ${inFlight} in flight`,
  input: { peer, inFlight, call: "Echo" } satisfies Work,
  cases: { ...competitors(peer), [besideOurs]: raw },
})

/** Effect's full protocol, ours and its own. */
const guarded = (peer: Work["peer"]) => ({
  name: `middleware, ${peer}, 100 in flight`,
  input: { peer, inFlight: 100, call: "Guarded" } satisfies Work,
  cases: { manycore, effect },
})

const stream = (peer: Work["peer"]) => ({
  name: `stream of numbers, ${peer}`,
  input: { peer, inFlight: 1, call: "Numbers" } satisfies Work,
  cases: { manycore, effect },
})

const start = (peer: Work["peer"]) => ({
  name: `start, ${peer}`,
  input: { peer, inFlight: 1, call: "Greet" } satisfies Work,
  cases: {
    manycore: file("start"),
    "manycore, Effect entry": file("start"),
    raw: file("start"),
    effect: file("start"),
  },
})

const cost = (way: string) => ({
  name: `1 MiB there and back, ${way}`,
  input: way,
  cases: { manycore: file("cost") },
})

const peers = ["process", "thread"] as const

await Bench.main({
  name: "@manycore/ipc",
  workloads: [
    ...peers.flatMap((peer) => [
      small(peer, 1),
      small(peer, 100),
      small(peer, 1000),
      bytes(peer, 1),
      bytes(peer, 100),
      guarded(peer),
      stream(peer),
      start(peer),
    ]),
    ...["process, copied", "thread, copied", "thread, moved", "thread, shared"].map(cost),
  ],
})
