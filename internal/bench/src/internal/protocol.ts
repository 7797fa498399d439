/**
 * What the process of a case tells the harness: one JSON line each on descriptor 3. Types and constants
 * only, because raw cases load this file.
 */

/** Descriptor of the pipe that the harness opens for the case's process. */
export const descriptor = 3

export type Phase = "set up" | "check" | "measure" | "close"

/** What a case's process is started for, as JSON in its first argument. */
export interface Assignment {
  /** URL of the case file. */
  readonly file: string
  readonly workload: string
  readonly competitor: string
  readonly round: number
  readonly input?: unknown
}
