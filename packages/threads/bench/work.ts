/** What tasks do, the same for everybody. It loads nothing of ours. */

/** Threads of every pool. */
export const threads = 2

/** Steps that can be checked, as many as take about 1 ms on a server core. */
const steps = 850_000

export const mix = (seed: number): number => {
  let state = seed
  for (let i = 0; i < steps; i++) state = Math.imul(state ^ i, 16_777_619)
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
