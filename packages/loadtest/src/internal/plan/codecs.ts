/** The shapes that fields of a plan are made of. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

/** The longest delay that a Node timer takes, in ms (about 24 days). */
const maxTimer = 2 ** 31 - 1

export const wholeNumber = (min: number, max: number) =>
  Schema.Finite.check(Schema.makeFilter((n: number) => Number.isInteger(n) && n >= min && n <= max))

const isDurationInput = (input: unknown): input is Duration.Input =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it refuses what is none
  Option.isSome(Duration.fromInput(input as Duration.Input))

/** `min` in ms. Anything that is a `Duration.Input` when read; a short sentence when written. */
export const time = (min: number) =>
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

/** Requests per second. */
export const rate = (min: number) =>
  Schema.Finite.check(Schema.makeFilter((n: number) => n >= min && n <= 10_000_000))

export const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const
export const Method = Schema.Literals(methods)

export const Headers = Schema.Record(
  Schema.String,
  Schema.Union([Schema.String, Schema.Array(Schema.String)]),
)
export type Headers = typeof Headers.Type

const Body = Schema.Union([Schema.String, Schema.Struct({ base64: Schema.String })])

const Status = Schema.Union([
  wholeNumber(100, 599),
  Schema.String.check(Schema.isPattern(/^[1-5]xx$/)),
])

/** What is said of a request, by a plan for all targets or by a target for itself. */
export const request = {
  method: Schema.optional(Method),
  headers: Schema.optional(Headers),
  body: Schema.optional(Body),
  expectStatus: Schema.optional(Schema.NonEmptyArray(Status)),
  expectBody: Schema.optional(Schema.String),
}

export const Tls = Schema.Struct({
  insecure: Schema.optional(Schema.Boolean),
  serverName: Schema.optional(Schema.String),
  alpn: Schema.optional(Schema.Array(Schema.String)),
  ca: Schema.optional(Schema.String),
  cert: Schema.optional(Schema.String),
  key: Schema.optional(Schema.String),
  passphrase: Schema.optional(Schema.String),
  sessionReuse: Schema.optional(Schema.Boolean),
})

export const quote = (value: unknown): string => {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch {
    text = undefined
  }
  text ??= String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
