import { validateHeaderName, validateHeaderValue } from "node:http"

/**
 * What to send, to where, over how many connections, and when to stop: data with a Schema, so that
 * a plan can be written by hand, kept in a file and found again inside the report of its run.
 *
 * This module decides what is a plan and says in one sentence why something is not. Running one is
 * `LoadTest`'s.
 *
 * @since 0.1.0
 */
import {
  Duration,
  Effect,
  Option,
  Predicate,
  Schema,
  SchemaIssue,
  SchemaTransformation,
} from "effect"

/**
 * A plan that cannot be run. `message` is one sentence that names the field and says what to give.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidPlan extends Schema.TaggedError<InvalidPlan>()("InvalidPlan", {
  field: Schema.String,
  message: Schema.String,
}) {}

/**
 * The most connections one plan may ask for: the number of ports that one address can dial from.
 *
 * @category limits
 * @since 0.1.0
 */
export const maxConnections = 65_535

/**
 * How long a plan without `requests` and without `duration` runs.
 *
 * @category defaults
 * @since 0.1.0
 */
export const defaultDuration: Duration.Duration = Duration.seconds(10)

/** The longest delay that a Node timer takes, in ms (about 24 days). */
const maxTimer = 2 ** 31 - 1

/** Set by the client itself: given by hand they would contradict the plan or never end a request. */
const framingHeaders: Readonly<Record<string, string>> = {
  connection: "leave it out and set keepAlive instead",
  "content-length": "leave it out, for bodies cannot be sent yet",
  "transfer-encoding": "leave it out, for bodies cannot be sent yet",
  upgrade: "leave it out, for connections cannot be upgraded",
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const

const withScheme = (given: string): string | undefined => {
  const guess = `http://${given}`
  return !given.includes("//") && URL.canParse(guess) ? guess : undefined
}

const urlProblem = (given: string): string | undefined => {
  const guess = withScheme(given)
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url?.protocol === "https:") {
    return `url starts with https://, which is not supported yet: give an http:// address, got ${quote(given)}`
  }
  if (url?.protocol !== "http:") {
    return guess === undefined
      ? `url must be an address that starts with http://, such as http://127.0.0.1:3000/, got ${quote(given)}`
      : `url must start with http://: try ${guess}, got ${quote(given)}`
  }
  return undefined
}

const headersProblem = (headers: Headers): string | undefined => {
  for (const [name, value] of Object.entries(headers)) {
    const advice = framingHeaders[name.toLowerCase()]
    if (advice !== undefined) return `headers must not contain ${quote(name)}: ${advice}`
    for (const one of typeof value === "string" ? [value] : value) {
      try {
        validateHeaderName(name)
        validateHeaderValue(name, one)
      } catch {
        return `headers must hold valid HTTP names and values, got ${quote(`${name}: ${one}`)}`
      }
    }
  }
  return undefined
}

const wholeNumber = (max: number) =>
  Schema.Finite.check(Schema.makeFilter((n: number) => Number.isInteger(n) && n >= 1 && n <= max))

const isDurationInput = (input: unknown): input is Duration.Input =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it refuses what is none
  Option.isSome(Duration.fromInput(input as Duration.Input))

/** `min` in ms. */
const time = (min: number) =>
  Schema.declare(isDurationInput).pipe(
    Schema.decodeTo(
      Schema.Duration.check(
        Schema.makeFilter((duration: Duration.Duration) => {
          const ms = Duration.toMillis(duration)
          return ms >= min && ms <= maxTimer
        }),
      ),
      SchemaTransformation.transform<Duration.Duration, Duration.Input>({
        decode: Duration.fromInputUnsafe,
        encode: (duration) => {
          const ms = Duration.toMillis(duration)
          return ms >= 1000 && ms % 1000 === 0 ? `${ms / 1000} seconds` : `${ms} millis`
        },
      }),
    ),
  )

const Headers = Schema.Record(
  Schema.String,
  Schema.Union([Schema.String, Schema.Array(Schema.String)]),
)
type Headers = typeof Headers.Type

/** What each field must be, for whatever is wrong with it. */
const needs = {
  url: "url must be an address such as http://127.0.0.1:3000/",
  method: `method must be one of ${methods.join(", ")}`,
  headers: "headers must be an object of names with a string, or an array of strings, each",
  requests: "requests must be a whole number of at least 1",
  duration: 'duration must be a time from 1 millisecond to 24 days, such as "10 seconds"',
  connections: `connections must be a whole number from 1 to ${maxConnections}`,
  keepAlive: "keepAlive must be true or false",
  timeout: 'timeout must be a time from 1 millisecond to 24 days, such as "10 seconds"',
  grace: 'grace must be a time from 0 to 24 days, such as "1 second"',
}

/**
 * A plan, complete and checked.
 *
 * Its encoded form is plain JSON, and is also what a person writes: everything but `url` may be
 * left out, and times may be anything that `Duration.Input` allows (a bare number is milliseconds).
 * The report of a run repeats its plan with every header and with the user and password of the
 * address, if it has them.
 *
 * - `url`: an `http://` address.
 * - `method`: default `GET`. No bodies yet.
 * - `headers`: default none; an array of strings sends the header once for each.
 * - `requests`: end after exactly so many requests in total, over all connections.
 * - `duration`: send nothing new after this time. With `requests` too, whatever comes first ends
 *   the run; with neither, `defaultDuration` holds.
 * - `connections`: how many requests may be in flight at once, one per connection; default 1.
 * - `keepAlive`: `false` opens a new connection for each request; default `true`.
 * - `timeout`: a request without its complete answer after this time is given up; default 10 s.
 * - `grace`: how long a run that was ended by time or by hand waits for answers on their way;
 *   default 1 s. What is still unanswered then is reported as in flight.
 *
 * @category models
 * @since 0.1.0
 */
export const Plan = Schema.Struct({
  url: Schema.String.check(Schema.makeFilter(urlProblem)).pipe(
    Schema.annotateKey({
      messageMissingKey: "url is missing: give the address to load, such as http://127.0.0.1:3000/",
    }),
  ),
  method: Schema.Literals(methods).pipe(Schema.withDecodingDefault(Effect.succeed("GET" as const))),
  headers: Headers.check(Schema.makeFilter(headersProblem)).pipe(
    Schema.withDecodingDefault(Effect.succeed({})),
  ),
  requests: Schema.optional(wholeNumber(Number.MAX_SAFE_INTEGER)),
  duration: Schema.optional(time(1)),
  connections: wholeNumber(maxConnections).pipe(Schema.withDecodingDefault(Effect.succeed(1))),
  keepAlive: Schema.Boolean.pipe(Schema.withDecodingDefault(Effect.succeed(true))),
  timeout: time(1).pipe(Schema.withDecodingDefault(Effect.succeed("10 seconds"))),
  grace: time(0).pipe(Schema.withDecodingDefault(Effect.succeed("1 second"))),
})

/**
 * @category models
 * @since 0.1.0
 */
export type Plan = typeof Plan.Type

/**
 * What a person writes: see `Plan` for the defaults.
 *
 * @category models
 * @since 0.1.0
 */
export type Input = typeof Plan.Encoded

/**
 * The fields of a plan.
 *
 * @category models
 * @since 0.1.0
 */
export type Field = keyof Input

const decodeFields = Schema.decodeUnknownEffect(Plan)
const issues = SchemaIssue.makeFormatterStandardSchemaV1()

const quote = (value: unknown): string => {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch {
    text = undefined
  }
  text ??= String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

const isField = (name: string): name is Field => Object.hasOwn(needs, name)

const toInvalidPlan = (input: unknown, issue: SchemaIssue.Issue): InvalidPlan => {
  const first = issues(issue).issues[0]
  const key = first?.path?.[0]
  const field = String(typeof key === "object" ? key.key : (key ?? ""))
  if (first === undefined || !isField(field)) {
    return new InvalidPlan({
      field: "",
      message: `a plan must be an object with a url, got ${quote(input)}`,
    })
  }
  // Our own filters say more than what the field must be; their sentences begin with its name.
  const message = first.message.startsWith(`${field} `)
    ? first.message
    : `${needs[field]}, got ${quote(Predicate.hasProperty(input, field) ? input[field] : undefined)}`
  return new InvalidPlan({ field, message })
}

const unknownField = (input: unknown): string | undefined =>
  typeof input === "object" && input !== null
    ? Object.keys(input).find((key) => !Object.hasOwn(Plan.fields, key))
    : undefined

/**
 * Checks something that should be a plan, such as parsed JSON, and fills in its defaults.
 *
 * Fails with `InvalidPlan` for the first field that does not hold, unknown fields included.
 *
 * @category constructors
 * @since 0.1.0
 */
export const decode = Effect.fnUntraced(function* (
  input: unknown,
): Effect.fn.Return<Plan, InvalidPlan> {
  const field = unknownField(input)
  if (field !== undefined) {
    const known = Object.keys(Plan.fields).join(", ")
    return yield* new InvalidPlan({
      field,
      message: `${quote(field)} is not a field of a plan: use ${known}`,
    })
  }
  const plan = yield* decodeFields(input).pipe(
    Effect.mapError((error) => toInvalidPlan(input, error.issue)),
  )
  return plan.requests === undefined && plan.duration === undefined
    ? { ...plan, duration: defaultDuration }
    : plan
})

/**
 * Checks a plan and fills in its defaults: `decode` for what TypeScript has seen already.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (input: Input): Effect.Effect<Plan, InvalidPlan> => decode(input)
