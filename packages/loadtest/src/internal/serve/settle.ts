/** The options of a test server, complete and in plain numbers. Pure. */
import * as Duration from "effect/Duration"

import type { Options } from "../../TestServer.ts"
import * as Answer from "./Answer.ts"

/** An option that does not hold, and what it must be. */
export interface Problem {
  readonly option: string
  readonly needs: string
}

const invalid = (option: string, needs: string): Problem => ({ option, needs })

const isShare = (share: number): boolean => share >= 0 && share <= 1

/** In ms; `undefined` for what is no finite time. */
const millis = (time: Duration.Input): number | undefined => {
  const duration = Duration.fromInput(time)
  const ms = duration._tag === "Some" ? Duration.toMillis(duration.value) : NaN
  return Number.isFinite(ms) ? ms : undefined
}

const isRange = (
  latency: Options["latency"],
): latency is { readonly min: Duration.Input; readonly max: Duration.Input } =>
  typeof latency === "object" && latency !== null && "min" in latency && "max" in latency

/** Complete and in plain numbers, or what is wrong. */
export const settle = (options: Options): Answer.Settings | Problem => {
  const { latency = 0, slow, stall } = options
  const range = isRange(latency) ? latency : { min: latency, max: latency }
  const min = millis(range.min)
  const max = millis(range.max)
  if (min === undefined || max === undefined || min > max) {
    return invalid("latency", 'a time such as "20 millis", or from one to a longer one')
  }
  const slowly = slow === undefined ? 0 : millis(slow.latency)
  if (slowly === undefined || !isShare(slow?.share ?? 0)) {
    return invalid("slow", "a share from 0 to 1 and a time")
  }
  const status = options.status ?? 200
  if (!Answer.isStatus(status)) return invalid("status", `from 200 to 999, got ${status}`)
  const statuses = Object.entries(options.statuses ?? {}).map(([code, share]): [number, number] => [
    Number(code),
    share,
  ])
  if (
    !statuses.every(([code, share]) => Answer.isStatus(code) && isShare(share)) ||
    !isShare(statuses.reduce((sum, [, share]) => sum + share, 0))
  ) {
    return invalid("statuses", "codes from 200 to 999 with shares of at most 1 together")
  }
  const size = options.size ?? 2
  if (!Number.isInteger(size) || size < 0 || size > Answer.maxSize) {
    return invalid("size", `from 0 to ${Answer.maxSize} bytes, got ${size}`)
  }
  const faults = Answer.faults.map((fault): [Answer.Fault, number] => [
    fault,
    options.faults?.[fault] ?? 0,
  ])
  if (
    !faults.every(([, share]) => isShare(share)) ||
    !isShare(faults.reduce((sum, [, share]) => sum + share, 0))
  ) {
    return invalid("faults", "shares of at most 1 together")
  }
  const every = stall === undefined ? 1 : millis(stall.every)
  const duration = stall === undefined ? 0 : millis(stall.duration)
  if (every === undefined || duration === undefined || duration >= every) {
    return invalid("stall", "a time that is shorter than the time between two stalls")
  }
  const concurrency = options.concurrency ?? Infinity
  if (!(concurrency >= 1) || (Number.isFinite(concurrency) && !Number.isInteger(concurrency))) {
    return invalid("concurrency", `a whole number of at least 1, got ${concurrency}`)
  }
  return {
    concurrency,
    latency: { min, max },
    slow: { share: slow?.share ?? 0, latency: slowly },
    status,
    statuses,
    size,
    framing: options.framing ?? "length",
    faults,
    stall: stall === undefined ? undefined : { every, duration },
  }
}
