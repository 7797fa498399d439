import { MessageChannel } from "node:worker_threads"

import { assert, describe, it } from "@effect/vitest"
import { type CloseReason, portWire } from "@manycore/ipc/bare"

const open = () => {
  const { port1, port2 } = new MessageChannel()
  const batches: Array<unknown> = []
  const closed: Array<CloseReason["_tag"]> = []
  const wire = portWire(port1)
  wire.open({ onBatch: (batch) => batches.push(batch), onClose: ({ _tag }) => closed.push(_tag) })
  return { batches, closed, other: port2, wire }
}

describe("a port that is polled", () => {
  it("hands over one message at a time, in their order, without the event loop", () => {
    const { batches, other, wire } = open()
    other.postMessage([1])
    other.postMessage([2])
    assert.isTrue(wire.poll?.())
    assert.deepStrictEqual(batches, [[1]])
    assert.isTrue(wire.poll?.())
    assert.deepStrictEqual(batches, [[1], [2]])
    assert.isFalse(wire.poll?.())
    wire.close()
  })

  it("has nothing after it was closed", () => {
    const { batches, closed, other, wire } = open()
    other.postMessage([1])
    wire.close()
    assert.isFalse(wire.poll?.())
    assert.deepStrictEqual([batches, closed], [[], []])
  })
})
