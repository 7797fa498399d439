/**
 * Which thread gets the next task. Pure: it sees what the pool knows of each thread.
 *
 * @since 0.1.0
 */

/**
 * What a choice may look at.
 *
 * @category models
 * @since 0.1.0
 */
export interface Candidate {
  readonly threadId: number
  /** Tasks that it holds: those that run and those that are ready there. */
  readonly held: number
  /** µs of work that they are expected to take. */
  readonly load: number
}

/**
 * `leastBusy`: the one with the least work ahead. `roundRobin`: one after the other. Or a function
 * that answers the index of one of the candidates, all of which have room.
 *
 * @category models
 * @since 0.1.0
 */
export type Scheduling =
  | "leastBusy"
  | "roundRobin"
  | ((candidates: ReadonlyArray<Candidate>, task: string) => number)

export const leastBusy = <A extends Candidate>(
  threads: ReadonlyArray<A>,
  hasRoom: (thread: A) => boolean,
): A | undefined => {
  let best: A | undefined
  for (const thread of threads) {
    if (!hasRoom(thread)) continue
    if (
      best === undefined ||
      thread.load < best.load ||
      (thread.load === best.load && thread.held < best.held)
    ) {
      best = thread
    }
  }
  return best
}

/** @param turn how many were chosen so far */
export const roundRobin = <A extends Candidate>(
  threads: ReadonlyArray<A>,
  hasRoom: (thread: A) => boolean,
  turn: number,
): A | undefined => {
  for (let i = 0; i < threads.length; i++) {
    const thread = threads[(turn + i) % threads.length]
    if (thread !== undefined && hasRoom(thread)) return thread
  }
  return undefined
}

/** An index that is none of theirs means the first. */
export const custom = <A extends Candidate>(
  threads: ReadonlyArray<A>,
  hasRoom: (thread: A) => boolean,
  choice: (candidates: ReadonlyArray<Candidate>, task: string) => number,
  task: string,
): A | undefined => {
  const candidates = threads.filter((thread) => hasRoom(thread))
  if (candidates.length === 0) return undefined
  return candidates[choice(candidates, task)] ?? candidates[0]
}

/** The place among `places` where tasks of this key run (FNV-1a). */
export const placeOf = (key: string, places: number): number => {
  let hash = 0x81_1c_9d_c5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01_00_01_93)
  return (hash >>> 0) % places
}
