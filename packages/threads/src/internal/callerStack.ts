/**
 * Where a task was called. To know that costs about 2 µs, and to make a text of it 25 µs: it is known
 * for tasks that take so long that nobody notices, and for those of which nobody knows yet how long
 * they take; the text is made only for those that fail.
 */
import type { Engine } from "./engine/Engine.ts"

/** Holds the stack of a call; V8 makes the text when it is read. */
export interface Caller {
  readonly stack?: string
}

/** µs of which the capture is 5 %. */
const worthwhile = 40

export const callerStack = (
  engine: Engine,
  task: string,
  below?: (...args: never) => unknown,
): Caller | undefined => {
  if (engine.micros(task) < worthwhile) return undefined
  const caller: Caller = {}
  Error.captureStackTrace(caller, below)
  return caller
}
