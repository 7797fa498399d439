/** A failure as one sentence for a person, without a stack. */
import { Cause, Predicate } from "effect"

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (Predicate.hasProperty(error, "code") && error.code === "EADDRINUSE") {
    const port = Predicate.hasProperty(error, "port") ? `port ${String(error.port)}` : "the port"
    return `${port} is in use (EADDRINUSE): stop what listens there, or choose another port`
  }
  // Some of Effect's errors say nothing themselves; their cause does.
  return error.message === "" && error.cause !== undefined ? describe(error.cause) : error.message
}

export const sentence = (cause: Cause.Cause<unknown>): string => describe(Cause.squash(cause))
