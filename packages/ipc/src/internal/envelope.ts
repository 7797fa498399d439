/**
 * Guards for the envelopes of Effect's rpc protocol as they arrive. They look at the envelope only;
 * payloads, results and errors are checked by their own Schemas later.
 */
import { Predicate } from "effect"
import type { FromClientEncoded, FromServerEncoded } from "effect/rpc/RpcMessage"

const hasId = (value: object, key: string): boolean =>
  Predicate.hasProperty(value, key) &&
  (Predicate.isString(value[key]) || Predicate.isNumber(value[key]))

const isHeader = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(Predicate.isString)

/** What a client of ours sends; it never says `Eof`, which would end the server for good. */
export const isFromClient = (value: unknown): value is FromClientEncoded => {
  if (!Predicate.hasProperty(value, "_tag")) return false
  switch (value._tag) {
    case "Request": {
      return (
        hasId(value, "id") &&
        Predicate.hasProperty(value, "tag") &&
        Predicate.isString(value.tag) &&
        Predicate.hasProperty(value, "headers") &&
        Array.isArray(value.headers) &&
        value.headers.every(isHeader)
      )
    }
    case "Ack":
    case "Interrupt": {
      return hasId(value, "requestId")
    }
    case "Ping": {
      return true
    }
    default: {
      return false
    }
  }
}

/** What a server sends. */
export const isFromServer = (value: unknown): value is FromServerEncoded => {
  if (!Predicate.hasProperty(value, "_tag")) return false
  switch (value._tag) {
    case "Chunk": {
      return (
        hasId(value, "requestId") &&
        Predicate.hasProperty(value, "values") &&
        Array.isArray(value.values)
      )
    }
    case "Exit": {
      return hasId(value, "requestId") && Predicate.hasProperty(value, "exit")
    }
    case "Defect": {
      return Predicate.hasProperty(value, "defect")
    }
    case "Pong": {
      return true
    }
    default: {
      return false
    }
  }
}
