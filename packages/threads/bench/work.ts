/** What tasks do, the same for everybody. It loads nothing of ours. */

/** Threads of every pool. */
export const threads = 2

/** Steps of one part, and parts of one task: they take about 1 ms on a server core. */
const steps = 1000
const parts = 850

/**
 * A function of its own, called often: V8 compiles a single long loop to code that is three times as
 * slow and keeps it, in one thread and not in another, and what is measured then is that.
 */
const mixPart = (seed: number, from: number): number => {
  let state = seed | 0
  for (let i = from; i < from + steps; i++) state = Math.imul(state ^ i, 16_777_619)
  return state
}

/** Work that can be checked. */
export const mix = (seed: number): number => {
  let state = seed
  for (let part = 0; part < parts; part++) state = mixPart(state, part * steps)
  return state
}

export const empty = (): void => {}

/** Touches one byte of each page, in place, and answers the same bytes. */
export const touch = (bytes: Uint8Array): Uint8Array => {
  for (let i = 0; i < bytes.length; i += 4096) bytes[i] = (bytes[i] ?? 0) + 1
  return bytes
}

export const spin = (): void => {
  for (;;);
}

export type Task = "empty" | "mix" | "touch" | "spin"
