/**
 * Who hands new connections to workers, and the choice among them. Decides only.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * - `leastConnections`: the primary accepts and hands each connection to the worker that has the
 *   fewest. It keeps its own end open until the worker has taken it, and hands it to another one when
 *   the worker dies first.
 * - `roundRobin`: node:cluster's own; workers take turns. A connection that was handed to a worker
 *   which dies before it took it hangs.
 * - `operatingSystem`: node:cluster's other one; the workers accept by themselves.
 *
 * @category models
 * @since 0.1.0
 */
export const Scheduling = Schema.Literals(["leastConnections", "roundRobin", "operatingSystem"])

/**
 * @category models
 * @since 0.1.0
 */
export type Scheduling = typeof Scheduling.Type

/**
 * What a choice needs to know of a worker.
 *
 * @category models
 * @since 0.1.0
 */
export interface Candidate {
  /** Connections that it has, or that are on their way to it. */
  readonly connections: number
  /** Connections that it has been handed and has not taken yet. */
  readonly unacknowledged: number
}

/**
 * Where the worker with the fewest connections stands among `candidates`; -1 when all of them have
 * `limit` connections that they have not taken yet. Those that have taken all they were handed come
 * first: the others are busy. Of equals, the first one from `start` on, so that who counts `start` up
 * gives them turns.
 *
 * @param limit at least 1
 * @param start any whole number from 0
 * @category scheduling
 * @since 0.1.0
 */
export const leastConnections = (
  candidates: ReadonlyArray<Candidate>,
  limit: number,
  start: number,
): number => {
  const size = candidates.length
  let best = -1
  let waiting = limit
  let fewest = Infinity
  for (let step = 0; step < size; step++) {
    const at = (start + step) % size
    const candidate = candidates[at]
    if (candidate === undefined || candidate.unacknowledged >= limit) continue
    const { connections, unacknowledged } = candidate
    if (unacknowledged < waiting || (unacknowledged === waiting && connections < fewest)) {
      best = at
      waiting = unacknowledged
      fewest = connections
    }
  }
  return best
}
