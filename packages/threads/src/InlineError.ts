/**
 * What can go wrong with a function that is to run in a thread without a file of its own.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * The function uses what it does not bring along: a thread has none of the variables and imports around
 * it. Pass them as arguments, or import modules inside with `await import("node:…")`.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotSelfContained extends Schema.TaggedError<NotSelfContained>()("NotSelfContained", {
  function: Schema.String,
  captured: Schema.Array(Schema.String),
}) {
  override get message(): string {
    const list = this.captured.join(", ")
    return `${this.function} uses ${list} from outside itself, which a thread does not have; pass it as an argument, declare it inside, or import it inside with await import(…)`
  }
}

/**
 * Not every function has a source that means the same elsewhere.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnsupportedFunction extends Schema.TaggedError<UnsupportedFunction>()(
  "UnsupportedFunction",
  { function: Schema.String, problem: Schema.String },
) {
  override get message(): string {
    return `${this.function} cannot run in a thread: ${this.problem}`
  }
}

/**
 * The function threw, or its promise was rejected. `cause` is what it threw, with name, message, stack,
 * cause and own properties.
 *
 * @category errors
 * @since 0.1.0
 */
export class FunctionThrew extends Schema.TaggedError<FunctionThrew>()("FunctionThrew", {
  function: Schema.String,
  cause: Schema.Defect(),
}) {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `${this.function} threw: ${why}`
  }
}

/**
 * Handle a case with `Effect.catchReason("InlineError", "FunctionThrew", …)`.
 *
 * @category errors
 * @since 0.1.0
 */
export class InlineError extends Schema.TaggedError<InlineError>()("InlineError", {
  reason: Schema.Union([NotSelfContained, UnsupportedFunction, FunctionThrew]),
}) {
  override get message(): string {
    return this.reason.message
  }
}
