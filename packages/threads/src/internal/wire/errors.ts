/**
 * Errors between threads. A structured clone forgets the class of an error and its own properties;
 * here name, message, stack, cause, the errors of an AggregateError and own properties go along.
 * Classes of the language come back as themselves, any other as an Error of that name.
 */

import { inspect } from "node:util"

/** An error as plain data. */
export interface EncodedError {
  readonly isError: true
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly cause: EncodedThrown | undefined
  readonly errors: ReadonlyArray<EncodedThrown> | undefined
  readonly props: Readonly<Record<string, unknown>> | undefined
}

/** What was thrown: an error, or any other value. */
export type EncodedThrown = EncodedError | { readonly isError: false; readonly value: unknown }

/** A cause may have a cause, but not for ever. */
const deepest = 8

const own = new Set(["name", "message", "stack", "cause", "errors"])

/** The value itself where it can be copied, or what it says of itself. */
const copyable = (value: unknown): unknown => {
  if (typeof value !== "object" && typeof value !== "function") return value
  if (value instanceof Error) return encodeError(value)
  try {
    return structuredClone(value)
  } catch {
    return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY })
  }
}

const text = (value: unknown, fallback: string): string =>
  typeof value === "string" ? value : fallback

export const encodeError = (error: Error, depth = 0): EncodedError => {
  const props: Record<string, unknown> = {}
  for (const key of Object.keys(error)) {
    if (!own.has(key)) props[key] = copyable(Reflect.get(error, key))
  }
  return {
    isError: true,
    name: text(error.name, "Error"),
    message: text(error.message, ""),
    stack: typeof error.stack === "string" ? error.stack : undefined,
    cause: error.cause === undefined ? undefined : encodeThrown(error.cause, depth + 1),
    errors:
      error instanceof AggregateError
        ? error.errors.map((one) => encodeThrown(one, depth + 1))
        : undefined,
    props: Object.keys(props).length === 0 ? undefined : props,
  }
}

export const encodeThrown = (thrown: unknown, depth = 0): EncodedThrown => {
  if (thrown instanceof Error && depth < deepest) return encodeError(thrown, depth)
  return { isError: false, value: copyable(thrown) }
}

const classes: Readonly<Record<string, new (message?: string) => Error>> = {
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
}

const isEncoded = (value: unknown): value is EncodedError =>
  typeof value === "object" && value !== null && "isError" in value && value.isError === true

const define = (error: Error, key: string, value: unknown) => {
  Object.defineProperty(error, key, { value, configurable: true, writable: true })
}

const callerMark = "\n    at --- the caller of the task ---"

/** The stack of the thread, then that of the caller without its first line. */
const joinStacks = (thread: string, caller: string | undefined): string => {
  const rest = caller?.indexOf("\n")
  if (caller === undefined || rest === undefined || rest === -1) return thread
  return `${thread}${callerMark}${caller.slice(rest)}`
}

/** Give an error what was encoded and it does not have by itself. */
export const enrich = (error: Error, from: EncodedError, callerStack?: string): void => {
  if (from.stack !== undefined) define(error, "stack", joinStacks(from.stack, callerStack))
  if (from.cause !== undefined && error.cause === undefined) {
    define(error, "cause", decodeThrown(from.cause))
  }
  if (error.message === "" && from.message !== "") define(error, "message", from.message)
  for (const [key, value] of Object.entries(from.props ?? {})) {
    if (!(key in error)) Reflect.set(error, key, isEncoded(value) ? decodeError(value) : value)
  }
}

const decodeError = (from: EncodedError, callerStack?: string): Error => {
  const Class = classes[from.name] ?? Error
  const error =
    from.errors === undefined
      ? new Class(from.message)
      : new AggregateError(
          from.errors.map((one) => decodeThrown(one)),
          from.message,
        )
  if (error.name !== from.name) define(error, "name", from.name)
  enrich(error, from, callerStack)
  return error
}

export const decodeThrown = (from: EncodedThrown, callerStack?: string): unknown =>
  from.isError ? decodeError(from, callerStack) : from.value
