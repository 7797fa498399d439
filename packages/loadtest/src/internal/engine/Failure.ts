/**
 * The one class that a failure of a connection belongs to, and an example of it in words. Pure.
 */
import type { ErrorClass } from "../../Report.ts"
import type { End } from "../framer/Framer.ts"
import type { Stage } from "./Wire.ts"

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

/** What OpenSSL says, without its numbers and source files. */
const openssl = /^[\dA-F]+:error:[\dA-F]+:[^:]*:[^:]*:([^:]+):/

/** A host with several addresses fails with an `AggregateError` without a message of its own. */
const describe = (cause: unknown): SystemError => {
  if (typeof cause !== "object" || cause === null) {
    return { code: "", syscall: "", message: String(cause) }
  }
  // An error of Node's has more fields than an Error; none of them is taken for granted.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const fields = cause as { readonly [K in keyof SystemError]?: unknown }
  const inner = cause instanceof AggregateError ? cause.errors.map(describe) : []
  const message = text(fields.message) || inner.map((error) => error.message).join(", ")
  return {
    code: text(fields.code) || (inner[0]?.code ?? ""),
    syscall: text(fields.syscall) || (inner[0]?.syscall ?? ""),
    message: (openssl.exec(message)?.[1] || message || text(fields.code) || "unknown error").trim(),
  }
}

/** What the system of the generator lacks, and not the server. */
const lacks: Readonly<Record<string, string>> = {
  EMFILE: "this process may open no more files: raise ulimit -n, or use fewer connections",
  ENFILE: "this system may open no more files: use fewer connections",
  EADDRNOTAVAIL: "there is no local port left: use fewer connections, or keep them alive",
}

const resets = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED", "ENOTCONN"])
const refusals = new Set(["ECONNREFUSED", "ENOENT"])

/** An error of a connection. */
export const ofCause = (cause: unknown, stage: Stage): Failure => {
  const { code, message, syscall } = describe(cause)
  const as = (name: ErrorClass): Failure => ({ class: name, example: message })
  if (refusals.has(code) && stage === "connecting") return as("refused")
  if (code === "ETIMEDOUT") return as(stage === "open" ? "replyTimeout" : "connectTimeout")
  if (syscall === "getaddrinfo" || code === "ENOTFOUND" || code.startsWith("EAI_")) return as("dns")
  if (stage === "handshake" || code.startsWith("ERR_SSL") || code.startsWith("ERR_TLS")) {
    return as("tls")
  }
  if (Object.hasOwn(lacks, code)) return { class: "other", example: `${lacks[code]} (${code})` }
  return as(resets.has(code) ? "reset" : "other")
}

/** The server closed the connection while an answer was missing. */
export const ofEnd = (end: Exclude<End, "complete">, reused: boolean): Failure =>
  end === "idle"
    ? {
        class: "reset",
        example: `the connection was closed before an answer${reused ? " (on a kept-alive connection)" : ""}`,
      }
    : { class: "truncated", example: `the connection was closed in the middle of the ${end}` }

export const ofBytes = (problem: string): Failure => ({
  class: "malformed",
  example: `the answer is not HTTP/1.1: ${problem}`,
})

/** `timeout` in ms. */
export const ofTimeout = (connected: boolean, timeout: number): Failure =>
  connected
    ? { class: "replyTimeout", example: `no complete answer within ${timeout / 1000} s` }
    : { class: "connectTimeout", example: `no connection within ${timeout / 1000} s` }
