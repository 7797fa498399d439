/** Values whose buffers move between threads instead of being copied. */
import type { Transferable } from "node:worker_threads"

export class Moved<A = unknown> {
  readonly value: A
  readonly transfer: ReadonlyArray<Transferable>

  constructor(value: A, transfer: ReadonlyArray<Transferable>) {
    this.value = value
    this.transfer = transfer
  }
}

/** What of a value can move: itself, or the memory that it is a view of. Shared memory stays. */
export const transferOf = (value: unknown): ReadonlyArray<Transferable> => {
  if (ArrayBuffer.isView(value)) {
    return value.buffer instanceof ArrayBuffer ? [value.buffer] : []
  }
  if (value instanceof SharedArrayBuffer) return []
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `postMessage` refuses what cannot move
  return typeof value === "object" && value !== null ? [value as Transferable] : []
}
