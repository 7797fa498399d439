/** The `Intake` of flat calls: what a server's line of calls says, in turn. */
import { type Call, readCall } from "./flat.ts"
import { Intake } from "./Intake.ts"
import type { Link, Listener } from "./Link.ts"

export interface FlatIntake {
  /** The listener of the line. */
  readonly hear: Listener
  /** Take no more. Answers the calls that had not begun. */
  readonly stop: () => ReadonlyArray<Call>
}

/** `interrupt` is told of calls that have begun; the others just never do. */
export const flatIntake = (
  link: Link,
  start: (call: Call) => void,
  interrupt: (id: number) => void,
): FlatIntake => {
  const intake = new Intake<number, Call>(link, start)
  return {
    hear: (body, weight) => {
      const call = readCall(body)
      if (typeof call === "object") return intake.take(call.id, call, weight)
      // A call without an id has nobody who waits for it.
      if (call === undefined) link.ignore()
      else if (!intake.forget(call)) interrupt(call)
      return true
    },
    stop: () => intake.stop(),
  }
}
