import { parentPort, workerData } from "node:worker_threads"

import { SharedBarrier, SharedCounter, SharedMutex, SharedRing } from "@manycore/threads/shared"

import type { Memory } from "./manycore.ts"
import { type Command, MESSAGE_BYTES, now, type Start } from "./work.ts"

const { memory, side, work }: Start<Memory> = workerData
const guarded = new Float64Array(memory.guarded)
const message = new Uint8Array(MESSAGE_BYTES).fill(1)
const last = new Uint8Array(0)

const add = () => {
  guarded[0] = (guarded[0] ?? 0) + 1
}

/** Each adds in its turn, both for the same number of turns: the first says when it is over. */
const takeTurns = (until: number): number => {
  for (let turns = 0; ; turns++) {
    if (side === 0) {
      add()
      if (performance.now() >= until) guarded[0] = -(guarded[0] ?? 0)
    }
    SharedBarrier.awaitSync(memory.barrier)
    const isOver = (guarded[0] ?? 0) < 0
    SharedBarrier.awaitSync(memory.barrier)
    if (!isOver) continue
    if (side === 1) return 0
    guarded[0] = -(guarded[0] ?? 0)
    return turns + 1
  }
}

const write = (until: number): number => {
  let count = 0
  while (performance.now() < until) {
    for (let i = 0; i < 100; i++) SharedRing.writeSync(memory.ring, message)
    count += 100
  }
  SharedRing.writeSync(memory.ring, last)
  return count
}

const read = (): number => {
  let count = 0
  while (SharedRing.readSync(memory.ring).length > 0) count++
  return count
}

const wake = (count: number): number => {
  if (side === 1) return 0
  const idle = new Int32Array(new SharedArrayBuffer(4))
  const stamp = new Uint8Array(8)
  for (let i = 0; i < count; i++) {
    Atomics.wait(idle, 0, 0, 1 + (i % 3))
    new DataView(stamp.buffer).setFloat64(0, now())
    SharedRing.writeSync(memory.ring, stamp)
  }
  // The next pass has threads of its own.
  SharedRing.leave(memory.ring, "writer")
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

const run = (millis: number): number => {
  const until = performance.now() + millis
  switch (work) {
    case "counter": {
      return repeat(until, () => SharedCounter.increment(memory.counter))
    }
    case "mutex": {
      return repeat(until, () => SharedMutex.withLockSync(memory.mutex, add))
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

parentPort?.on("message", ({ millis }: Command) => parentPort?.postMessage({ count: run(millis) }))
