/**
 * Two wires that end in each other, inside one thread: for tests, and for a service that is called
 * in place. Values are copied as between threads.
 *
 * @since 0.1.0
 */
import type { Wire, WireEvents } from "./Wire.ts"

export const memoryWires = (): readonly [Wire, Wire] => {
  const ends: [WireEvents | undefined, WireEvents | undefined] = [undefined, undefined]
  const make = (self: 0 | 1): Wire => {
    const other = self === 0 ? 1 : 0
    return {
      peer: "memory",
      copiesNatives: true,
      open: (events) => {
        ends[self] = events
      },
      write: (batch, transfer) => {
        const copy = structuredClone(
          batch,
          transfer === undefined ? {} : { transfer: [...transfer] },
        )
        setImmediate(() => ends[other]?.onBatch(copy, 0))
        return 0
      },
      close: () => {
        ends[self] = undefined
        setImmediate(() => ends[other]?.onClose({ _tag: "PeerDisconnected" }))
      },
      setRef: () => {},
    }
  }
  return [make(0), make(1)]
}
