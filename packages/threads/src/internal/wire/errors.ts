/**
 * Errors between threads. A structured clone forgets the class of an error and its own properties;
 * here name, message, stack, cause, the errors of an AggregateError and own properties go along.
 * Classes of the language come back as themselves, any other as an Error of that name.
 */

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

/** Errors hold errors, as causes, in lists and in properties: so many of them travel whole. */
const mostErrors = 32

const own = new Set(["name", "message", "stack", "cause", "errors"])

/** What one thrown value has taken so far. */
interface Taken {
  /** How many errors travel whole. */
  errors: number
  /** Those that hold the one that is looked at: an error may hold itself. */
  readonly path: Array<Error>
}

/** Loaded when it is needed: most threads describe nothing. */
const described = (value: unknown): string =>
  process
    .getBuiltinModule("node:util")
    .inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY })

const isError = (value: unknown, taken: Taken): value is Error =>
  value instanceof Error && taken.errors < mostErrors && !taken.path.includes(value)

/** The value itself where it can be copied, or what it says of itself. */
const copyable = (value: unknown, taken: Taken): unknown => {
  if (isError(value, taken)) return encode(value, taken)
  if (value instanceof Error) return text(read(value, "message"), "an error")
  if (typeof value === "symbol") return described(value)
  if (typeof value !== "object" && typeof value !== "function") return value
  try {
    return structuredClone(value)
  } catch {
    return described(value)
  }
}

const text = (value: unknown, fallback: string): string =>
  typeof value === "string" ? value : fallback

/** A property, which may be a getter that throws; what it throws then stands in its place. */
const read = (error: Error, key: string): unknown => {
  try {
    return Reflect.get(error, key)
  } catch (why) {
    return String(why)
  }
}

/** Own properties; of a Proxy whose traps throw, none. */
const keysOf = (error: Error): ReadonlyArray<string> => {
  try {
    return Object.keys(error)
  } catch {
    return []
  }
}

const encode = (error: Error, taken: Taken): EncodedError => {
  taken.errors++
  taken.path.push(error)
  const cause = read(error, "cause")
  const errors = error instanceof AggregateError ? read(error, "errors") : undefined
  const encodedCause = cause === undefined ? undefined : encodePart(cause, taken)
  const props: Record<string, unknown> = {}
  for (const key of keysOf(error)) {
    if (!own.has(key)) props[key] = copyable(read(error, key), taken)
  }
  const encoded: EncodedError = {
    isError: true,
    name: text(read(error, "name"), "Error"),
    message: text(read(error, "message"), ""),
    stack: text(read(error, "stack"), "") || undefined,
    cause: encodedCause,
    errors: Array.isArray(errors) ? errors.map((one) => encodePart(one, taken)) : undefined,
    props: Object.keys(props).length === 0 ? undefined : props,
  }
  taken.path.pop()
  return encoded
}

const encodePart = (thrown: unknown, taken: Taken): EncodedThrown =>
  isError(thrown, taken)
    ? encode(thrown, taken)
    : { isError: false, value: copyable(thrown, taken) }

export const encodeError = (error: Error): EncodedError => encode(error, { errors: 0, path: [] })

/** Never throws, whatever was thrown. */
export const encodeThrown = (thrown: unknown): EncodedThrown => {
  try {
    return encodePart(thrown, { errors: 0, path: [] })
  } catch {
    // A Proxy whose traps throw, for one.
    return { isError: false, value: described(thrown) }
  }
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
