/**
 * Signals that a whole group gets: from a terminal (SIGINT), from a service manager (SIGTERM). The
 * program's own handlers would end it in the middle of its requests, so they hear of it when its end
 * has come, once. What the program emits itself is not held.
 */
const held: ReadonlySet<unknown> = new Set(["SIGINT", "SIGTERM"])

export interface HeldSignals {
  /** From now on the program hears them. */
  readonly release: () => void
  /** Whether one arrived that the program has not heard. */
  readonly hasArrived: (signal: string) => boolean
}

/**
 * @param listen adds a listener of ours to each of them: Node asks for the way to `emit` then, and
 * keeps it. A Node that asks each time would tell the program at once, as without us.
 */
export const hold = (listen: () => void, onHeld: (signal: string) => void): HeldSignals => {
  const emit: unknown = Reflect.get(process, "emit")
  const arrived = new Set<string>()
  const heard = new Set<string>()
  let isReleased = false
  const tell = (args: ReadonlyArray<unknown>): unknown =>
    typeof emit === "function" ? Reflect.apply(emit, process, args) : false
  const filter = (...args: ReadonlyArray<unknown>): unknown => {
    const [signal] = args
    if (typeof signal !== "string" || !held.has(signal)) return tell(args)
    if (!isReleased) {
      arrived.add(signal)
      onHeld(signal)
      return true
    }
    if (heard.has(signal)) return true
    heard.add(signal)
    return tell(args)
  }
  const own = Object.getOwnPropertyDescriptor(process, "emit")
  Reflect.set(process, "emit", filter)
  listen()
  if (own === undefined) Reflect.deleteProperty(process, "emit")
  else Reflect.defineProperty(process, "emit", own)
  return {
    release: () => {
      isReleased = true
    },
    hasArrived: (signal) => arrived.has(signal) && !heard.has(signal),
  }
}
