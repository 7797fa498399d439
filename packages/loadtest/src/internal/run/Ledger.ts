/**
 * Adds up what all generators of a run counted: requests, statuses, failures and times by route. Its
 * memory is the same for a minute and for an hour.
 */
import type { ErrorClass, Report, Route } from "../../Report.ts"
import * as Histogram from "../Histogram.ts"
import { addTimes, type Parcel, type RouteParcel } from "./Parcel.ts"

/** Counts and times of one route, or of all. */
class Account {
  sent = 0
  ok = 0
  failed = 0
  bytesSent = 0
  bytesReceived = 0
  readonly statuses = new Map<number, number>()
  readonly errors = new Map<ErrorClass, { count: number; example: string }>()
  readonly latency = Histogram.make(64)
  readonly service = Histogram.make(64)

  add(parcel: RouteParcel): void {
    this.sent += parcel.sent
    this.ok += parcel.ok
    this.failed += parcel.failed
    this.bytesSent += parcel.bytesSent
    this.bytesReceived += parcel.bytesReceived
    for (const [status, count] of parcel.statuses) {
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + count)
    }
    for (const [name, { count, example }] of parcel.errors) {
      const seen = this.errors.get(name)
      if (seen === undefined) this.errors.set(name, { count, example })
      else seen.count += count
    }
    addTimes(this.latency, parcel.both)
    addTimes(this.latency, parcel.latency)
    addTimes(this.service, parcel.both)
    addTimes(this.service, parcel.service)
  }

  /** What the report says of it. */
  findings(encoded: boolean): Omit<Route, "name" | "url"> {
    const { failed, ok, sent } = this
    return {
      requests: { sent, ok, failed, inFlight: sent - ok - failed },
      latency: Histogram.summary(this.latency),
      service: Histogram.summary(this.service),
      statuses: Object.fromEntries([...this.statuses].toSorted(([a], [b]) => a - b)),
      errors: Object.fromEntries([...this.errors].map(([name, error]) => [name, { ...error }])),
      bytes: { sent: this.bytesSent, received: this.bytesReceived },
      histogram: encoded && this.latency.totalCount > 0 ? Histogram.encode(this.latency) : null,
    }
  }

  destroy(): void {
    this.latency.destroy()
    this.service.destroy()
  }
}

export class Ledger {
  readonly #all = new Account()
  readonly #routes: ReadonlyArray<Account>
  readonly #lateness = Histogram.make(64)
  /** Of the last complete answer, in ms since 1970. */
  lastAnswer = -Infinity

  constructor(routes: number) {
    // A single route is all there is.
    this.#routes = routes === 1 ? [this.#all] : Array.from({ length: routes }, () => new Account())
  }

  add(parcel: Parcel): void {
    parcel.routes.forEach((route, index) => {
      this.#routes[index]?.add(route)
      if (this.#routes.length > 1) this.#all.add(route)
    })
    addTimes(this.#lateness, parcel.lateness)
    this.lastAnswer = Math.max(this.lastAnswer, parcel.lastAnswer ?? -Infinity)
  }

  get requests(): Report["requests"] {
    const { failed, ok, sent } = this.#all
    return { sent, ok, failed, inFlight: sent - ok - failed }
  }

  /** Complete answers, whatever their status. */
  get answers(): number {
    return this.#all.latency.totalCount
  }

  /** One figure, in ms; `null` when nothing was measured. */
  time(
    of: "latency" | "service" | "lateness",
    stat: number | "min" | "mean" | "max" | "stddev",
  ): number | null {
    return Histogram.stat(of === "lateness" ? this.#lateness : this.#all[of], stat)
  }

  get lateness(): Report["lateness"] {
    return Histogram.summary(this.#lateness)
  }

  findings(encoded: boolean): Omit<Route, "name" | "url"> {
    return this.#all.findings(encoded)
  }

  routes(
    targets: ReadonlyArray<{ readonly name: string; readonly url: string }>,
  ): ReadonlyArray<Route> {
    return targets.flatMap(({ name, url }, index) => {
      const account = this.#routes[index]
      return account === undefined ? [] : [{ name, url, ...account.findings(true) }]
    })
  }

  destroy(): void {
    this.#all.destroy()
    for (const account of this.#routes) if (account !== this.#all) account.destroy()
    this.#lateness.destroy()
  }
}
