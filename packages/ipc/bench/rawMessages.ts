/** What the raw case and its peer say to each other. */
import type { Greeting } from "./work.ts"

/** An argument of the peer: load what ours loads, and use nothing of it. */
export const loadsOurs = "loads-ours"

export type Question =
  | { readonly id: number; readonly method: "Greet"; readonly payload: Greeting }
  | { readonly id: number; readonly method: "Echo"; readonly payload: Uint8Array }
  | { readonly id: number; readonly method: "Cpu" }

export interface Answer {
  readonly id: number
  readonly result: unknown
}
