import { once } from "node:events"
import { parentPort, workerData } from "node:worker_threads"

import type { Memory } from "./raw.ts"
import { type Command, MESSAGE_BYTES, now, type Start } from "./work.ts"

const { memory, port, side, work }: Start<Memory> = workerData
const words = new Int32Array(memory.words)
const counter = new BigInt64Array(memory.counter)
const guarded = new Float64Array(memory.guarded)
const LOCK = 0
const TURN = 1
const WAKES = 2

const add = () => {
  guarded[0] = (guarded[0] ?? 0) + 1
}

/** The well-known lock of three states. */
const lock = () => {
  let state = Atomics.compareExchange(words, LOCK, 0, 1)
  while (state !== 0) {
    if (state === 2 || Atomics.compareExchange(words, LOCK, 1, 2) !== 0) {
      Atomics.wait(words, LOCK, 2)
    }
    state = Atomics.compareExchange(words, LOCK, 0, 2)
  }
}

const unlock = () => {
  if (Atomics.exchange(words, LOCK, 0) === 2) Atomics.notify(words, LOCK, 1)
}

const pass = (to: number) => {
  Atomics.store(words, TURN, to)
  Atomics.notify(words, TURN)
}

const myTurn = (mine: number, other: number) => {
  while (Atomics.load(words, TURN) !== mine) Atomics.wait(words, TURN, other)
}

/** One turn is there and back, as two rounds of a barrier are. */
const takeTurns = (until: number): number => {
  for (let turns = 0; ; turns++) {
    myTurn(side, 1 - side)
    if (side === 1) {
      const isOver = (guarded[0] ?? 0) < 0
      pass(0)
      if (isOver) return 0
      continue
    }
    if ((guarded[0] ?? 0) < 0) {
      guarded[0] = -(guarded[0] ?? 0)
      return turns
    }
    add()
    if (performance.now() >= until) guarded[0] = -(guarded[0] ?? 0)
    pass(1)
  }
}

const BATCH = 1000

/** `postMessage` has no back-pressure: the reader answers once for each batch. */
const write = async (until: number): Promise<number> => {
  let count = 0
  while (performance.now() < until) {
    for (let i = 0; i < BATCH; i++) port.postMessage(new Uint8Array(MESSAGE_BYTES))
    count += BATCH
    await once(port, "message")
  }
  port.postMessage(new Uint8Array(0))
  return count
}

const read = (): Promise<number> =>
  new Promise((resolve) => {
    let count = 0
    const onMessage = (message: Uint8Array) => {
      if (message.length === 0) {
        port.off("message", onMessage)
        resolve(count)
      } else if (++count % BATCH === 0) port.postMessage(0)
    }
    port.on("message", onMessage)
  })

const wake = (count: number): number => {
  if (side === 1) return 0
  const idle = new Int32Array(new SharedArrayBuffer(4))
  for (let i = 0; i < count; i++) {
    Atomics.wait(idle, 0, 0, 1 + (i % 3))
    guarded[1] = now()
    Atomics.add(words, WAKES, 1)
    Atomics.notify(words, WAKES)
  }
  return count
}

const repeat = (until: number, once: () => void): number => {
  let count = 0
  while (performance.now() < until) {
    for (let i = 0; i < 100; i++) once()
    count += 100
  }
  return count
}

const run = (millis: number): number | Promise<number> => {
  const until = performance.now() + millis
  switch (work) {
    case "counter": {
      return repeat(until, () => Atomics.add(counter, 0, 1n))
    }
    case "mutex": {
      return repeat(until, () => {
        lock()
        add()
        unlock()
      })
    }
    case "handOver": {
      return takeTurns(until)
    }
    case "ring": {
      return side === 0 ? write(until) : read()
    }
    case "wake": {
      return wake(millis)
    }
  }
}

parentPort?.on("message", async ({ millis }: Command) => {
  parentPort?.postMessage({ count: await run(millis) })
})
