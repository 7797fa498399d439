/**
 * Flat calls: how a call that needs neither a stream nor middleware travels. Two lines for each
 * name, `NAME.>` for what the caller says and `NAME.<` for what the server answers. The server announces
 * the first one. The lines of Effect's full protocol end in `:>` and `:<`, so no name is ever another's.
 *
 * | body | what |
 * | --- | --- |
 * | `[id, tag, payload]` | a call; `id` is the caller's; `[id, tag]` when the payload is undefined |
 * | `[id, tag, payload, traceId, spanId, sampled]` | the same, inside of a span |
 * | `id` | the caller no longer wants the answer: interrupt the handler |
 * | `[id, value]` | the answer; `[id]` when it is undefined |
 * | `[id, exit, 1]` | a failure: an Effect `Exit`, encoded with the rpc's codec |
 *
 * Payloads, values and exits are the `Iso` side of their Schemas: native values, not JSON.
 *
 * @since 0.1.0
 */

export const callLine = (name: string): string => `${name}.>`
export const answerLine = (name: string): string => `${name}.<`

export interface Call {
  readonly id: number
  readonly tag: string
  readonly payload: unknown
  readonly trace: Trace | undefined
}

export interface Trace {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

/** A call, the id of one that is interrupted, or undefined for what is neither. */
export const readCall = (body: unknown): Call | number | undefined => {
  if (typeof body === "number") return body
  if (!Array.isArray(body)) return undefined
  const [id, tag, payload, traceId, spanId, sampled]: ReadonlyArray<unknown> = body
  if (typeof id !== "number" || typeof tag !== "string") return undefined
  const trace =
    typeof traceId === "string" && typeof spanId === "string"
      ? { traceId, spanId, sampled: sampled === true }
      : undefined
  return { id, tag, payload, trace }
}

/** The list that says a call. */
export const callParts = (
  id: number,
  tag: string,
  payload: unknown,
  trace: Trace | undefined,
): ReadonlyArray<unknown> => {
  if (trace !== undefined) {
    return [id, tag, payload, trace.traceId, trace.spanId, trace.sampled]
  }
  return payload === undefined ? [id, tag] : [id, tag, payload]
}

/** The list that says an answer; `kind` 1 is an exit, 2 the reason why nobody was called. */
export const answerParts = (
  id: number,
  content: unknown,
  kind: 1 | 2 | undefined,
): ReadonlyArray<unknown> => {
  if (kind !== undefined) return [id, content, kind]
  return content === undefined ? [id] : [id, content]
}

/** An exit that says: the handler has a bug, and here is its error. */
export const dieExit = (defect: unknown) => ({
  _tag: "Failure",
  cause: [{ _tag: "Die", defect }],
})

/** An exit that says: the handler failed with this error of the contract. */
export const failExit = (error: unknown) => ({
  _tag: "Failure",
  cause: [{ _tag: "Fail", error }],
})
