/** Sorts what Node's HTTP client reports into the classes of a report. Pure. */
import type { ErrorClass } from "../Report.ts"

/** How far the exchange had come when it failed. */
export type Phase =
  /** Not one byte of the answer. */
  | "nothing"
  /** Some bytes, but no complete head. */
  | "head"
  /** The head was complete, the body was not. */
  | "body"

export interface Failure {
  readonly class: ErrorClass
  readonly example: string
}

interface SystemError {
  readonly code: string
  readonly syscall: string
  readonly message: string
}

const text = (value: unknown): string => (typeof value === "string" ? value : "")

/** A host with several addresses fails with an `AggregateError` without a message of its own. */
const describe = (cause: unknown): SystemError => {
  if (typeof cause !== "object" || cause === null) {
    return { code: "", syscall: "", message: String(cause) }
  }
  const fields = cause as { readonly [K in keyof SystemError]?: unknown }
  const inner = cause instanceof AggregateError ? cause.errors.map(describe) : []
  const message = text(fields.message) || inner.map((error) => error.message).join(", ")
  return {
    code: text(fields.code) || (inner[0]?.code ?? ""),
    syscall: text(fields.syscall) || (inner[0]?.syscall ?? ""),
    message: message || text(fields.code) || "unknown error",
  }
}

const resets = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"])

/** Node's words for a close that no system call reported. */
const isClose = (message: string): boolean => message === "socket hang up" || message === "aborted"

const closed: Readonly<Record<Phase, Failure>> = {
  nothing: { class: "reset", example: "the connection was closed before an answer" },
  head: { class: "truncated", example: "the connection was closed in the middle of the head" },
  body: { class: "truncated", example: "the connection was closed in the middle of the body" },
}

export const classify = (cause: unknown, phase: Phase): Failure => {
  const { code, message, syscall } = describe(cause)
  const as = (name: ErrorClass): Failure => ({ class: name, example: message })
  if (code === "HPE_INVALID_EOF_STATE") return closed[phase === "nothing" ? "head" : phase]
  if (code.startsWith("HPE_")) return as("malformed")
  if (code === "ECONNREFUSED") return as("refused")
  if (code === "ETIMEDOUT") return as("connectTimeout")
  if (syscall === "getaddrinfo" || code === "ENOTFOUND" || code.startsWith("EAI_")) return as("dns")
  if (resets.has(code)) return isClose(message) ? closed[phase] : as("reset")
  return as("other")
}
