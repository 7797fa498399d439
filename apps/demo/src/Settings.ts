/**
 * What the demo is told by its environment: HOST, PORT, WORKERS and SCHEDULING. Primary and workers
 * read the same variables.
 */
import { availableParallelism } from "node:os"

import { Supervisor } from "@manycore/cluster"
import { Config, Effect, Schema } from "effect"

export class InvalidSetting extends Schema.TaggedError<InvalidSetting>()("InvalidSetting", {
  name: Schema.String,
  value: Schema.String,
  expected: Schema.String,
}) {
  override get message(): string {
    return `${this.name} is ${JSON.stringify(this.value)}, but must be ${this.expected}`
  }
}

/** One variable, its default, and what to say of a value that does not fit. */
const setting = <A>(
  name: string,
  codec: Schema.ConstraintCodec<A, unknown>,
  fallback: A,
  expected: string,
) =>
  Effect.catch(Config.withDefault(Config.schema(codec, name), fallback), () =>
    Effect.flatMap(Config.String(name), (value) =>
      Effect.fail(new InvalidSetting({ name, value, expected })),
    ),
  )

const wholeNumber = (minimum: number, maximum: number) =>
  Schema.NumberFromString.check(Schema.isInt(), Schema.isBetween({ minimum, maximum }))

export interface Settings {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly workers: number
  readonly scheduling: Supervisor.Scheduling
}

export const load = Effect.gen(function* (): Effect.fn.Return<
  Settings,
  InvalidSetting | Config.ConfigError
> {
  return {
    host: yield* setting("HOST", Schema.NonEmptyString, "127.0.0.1", "an address to listen on"),
    port: yield* setting("PORT", wholeNumber(0, 65_535), 3000, "a whole number from 0 to 65535"),
    workers: yield* setting(
      "WORKERS",
      wholeNumber(1, 64),
      availableParallelism(),
      "a whole number from 1 to 64",
    ),
    scheduling: yield* setting(
      "SCHEDULING",
      Supervisor.Scheduling,
      "roundRobin",
      "leastConnections, roundRobin or operatingSystem",
    ),
  }
})
