/**
 * Where a task was called. To know that costs about 2 µs: it is known for tasks that take so long
 * that nobody notices, and for those of which nobody knows yet how long they take.
 */
import type { Engine } from "./engine/Engine.ts"

/** µs of which the capture is 5 %. */
const worthwhile = 40

export const callerStack = (
  engine: Engine,
  task: string,
  below?: (...args: never) => unknown,
): string | undefined => {
  if (engine.micros(task) < worthwhile) return undefined
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, below)
  // A getter: the text is made when somebody looks.
  return holder.stack
}
