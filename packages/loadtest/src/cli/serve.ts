/** `manyload serve`: makes options of its flags, starts a `TestServer`, tells what it did. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

import * as Answer from "../internal/serve/Answer.ts"
import * as Units from "../internal/Units.ts"
import * as TestServer from "../TestServer.ts"
import { broken, usage } from "./exit.ts"
import * as Io from "./io.ts"
import * as Text from "./render/Text.ts"
import * as ToPlan from "./toPlan.ts"

export interface Input {
  readonly host: string
  readonly port: number
  readonly latency: Option.Option<string>
  readonly slow: Option.Option<string>
  readonly status: ReadonlyArray<string>
  readonly size: Option.Option<string>
  readonly framing: Option.Option<string>
  readonly faults: ReadonlyArray<string>
  readonly stall: Option.Option<string>
  readonly concurrency: Option.Option<number>
}

type Read<A> = Result.Result<A, string>

const needs = (flag: string, what: string, given: string): Read<never> =>
  Result.fail(`${flag} must be ${what}, got ${JSON.stringify(given)}`)

/** `20ms`, or `10ms-50ms`. */
const latency = (given: string): Read<NonNullable<TestServer.Options["latency"]>> => {
  const [from = "", to = from, ...more] = given.split("-")
  const min = Units.time(from)
  const max = Units.time(to)
  return min === undefined || max === undefined || max < min || more.length > 0
    ? needs("--latency", "a time such as 20ms, or a range such as 10ms-50ms", given)
    : Result.succeed(min === max ? min : { min, max })
}

/** `1%:2s` */
const slow = (given: string): Read<NonNullable<TestServer.Options["slow"]>> => {
  const [part = "", span = ""] = given.split(":")
  const share = Units.share(part)
  const time = Units.time(span)
  return share === undefined || time === undefined
    ? needs("--slow", "a share and a time such as 1%:2s", given)
    : Result.succeed({ share, latency: time })
}

/** `1s/10s`: a second in each ten. */
const stall = (given: string): Read<NonNullable<TestServer.Options["stall"]>> => {
  const [span = "", cycle = ""] = given.split("/")
  const duration = Units.time(span)
  const every = Units.time(cycle)
  return duration === undefined || every === undefined || duration >= every
    ? needs("--stall", "a time in each longer time such as 1s/10s", given)
    : Result.succeed({ duration, every })
}

/** `name` or `name:5%` each, also several with commas. */
const shares = (
  flag: string,
  what: string,
  given: ReadonlyArray<string>,
): Read<ReadonlyArray<readonly [name: string, share: number | undefined]>> => {
  const read: Array<readonly [string, number | undefined]> = []
  for (const text of given.flatMap((one) => one.split(","))) {
    const [name = "", part] = text.trim().split(":")
    const share = part === undefined ? undefined : Units.share(part)
    if (name === "" || (part !== undefined && share === undefined)) return needs(flag, what, text)
    read.push([name, share])
  }
  return Result.succeed(read)
}

const statuses = (
  given: ReadonlyArray<string>,
): Read<Pick<TestServer.Options, "status" | "statuses">> => {
  const what = "a status such as 200, or with a share such as 503:5%"
  return Result.flatMap(shares("--status", what, given), (read) => {
    const wrong = read.find(([name]) => !/^[2-9]\d\d$/.test(name))
    if (wrong !== undefined) return needs("--status", what, wrong[0])
    const status = read.findLast(([, share]) => share === undefined)?.[0]
    return Result.succeed({
      status: status === undefined ? undefined : Number(status),
      statuses: Object.fromEntries(
        read.flatMap(([name, share]) => (share === undefined ? [] : [[name, share]])),
      ),
    })
  })
}

const faults = (given: ReadonlyArray<string>): Read<NonNullable<TestServer.Options["faults"]>> => {
  const what = `one of ${Answer.faults.join(", ")}, with a share such as reset:1%`
  return Result.flatMap(shares("--fault", what, given), (read) => {
    const wrong = read.find(([name]) => !Answer.faults.some((kind) => kind === name))
    return wrong === undefined
      ? Result.succeed(Object.fromEntries(read.map(([name, share]) => [name, share ?? 1])))
      : needs("--fault", what, wrong[0])
  })
}

/** The options of the server, or a sentence on the flag that is wrong. */
export const options = (input: Input): Read<TestServer.Options> =>
  Result.gen(function* () {
    return {
      host: input.host,
      port: input.port,
      latency: yield* ToPlan.optional(input.latency, latency),
      slow: yield* ToPlan.optional(input.slow, slow),
      ...(yield* statuses(input.status)),
      size: yield* ToPlan.optional(input.size, (given) => {
        const size = Units.size(given)
        return size === undefined
          ? needs("--size", "a number of bytes such as 512 or 10k", given)
          : Result.succeed(size)
      }),
      framing: yield* ToPlan.optional(input.framing, (given) => {
        const framing = Answer.framings.find((one) => one === given)
        return framing === undefined
          ? needs("--framing", `one of ${Answer.framings.join(", ")}`, given)
          : Result.succeed(framing)
      }),
      faults: yield* faults(input.faults),
      stall: yield* ToPlan.optional(input.stall, stall),
      concurrency: Option.getOrUndefined(input.concurrency),
    }
  })

/** What the server did, on one line. */
export const account = ({
  connections,
  faults: made,
  requests,
  statuses: answered,
}: TestServer.Counts) => {
  const kindsOf = [
    ...Object.entries(answered).map(([status, count]) => `${Text.whole(count)} × ${status}`),
    ...Object.entries(made).map(([fault, count]) => `${Text.whole(count)} × ${fault}`),
  ]
  const detail = kindsOf.length === 0 ? "" : `: ${kindsOf.join(", ")}`
  return `${Text.plural(requests, "request")} over ${Text.plural(connections.accepted, "connection")}${detail}`
}

/** The handler of the command. Ends, with 0, when a signal says so. */
export const handle = Effect.fnUntraced(function* (input: Input) {
  const given = yield* Effect.mapError(Effect.fromResult(options(input)), usage)
  const interrupted = yield* Io.interruption
  const server = yield* TestServer.start(given).pipe(
    Effect.mapError(({ message, reason }) =>
      reason._tag === "InvalidOption" ? usage(`--${message}`) : broken(message),
    ),
  )
  yield* Io.print(`listening on ${server.url}/ until Ctrl-C\n`)
  yield* Deferred.await(interrupted)
  yield* Io.print(`${account(server.counts())}\n`)
}, Effect.scoped)
