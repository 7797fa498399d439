/**
 * Counts and times of one generator, by route. It holds what happened since the last `drain`, so its
 * memory is constant whatever the length of the run.
 */
import type { ErrorClass } from "../../Report.ts"
import * as Histogram from "../Histogram.ts"

/** What happened on one route. The histograms are in µs. */
export interface RouteCounts {
  sent: number
  ok: number
  failed: number
  bytesSent: number
  bytesReceived: number
  /** By status, from 0 to 999. */
  readonly statuses: Uint32Array
  readonly errors: Map<ErrorClass, { count: number; example: string }>
  /** Of answers whose latency and service time are the same. */
  readonly both: Histogram.Histogram
  readonly latency: Histogram.Histogram
  readonly service: Histogram.Histogram
}

/** A stretch of time; all times in ms of the generator's clock. */
export interface Counts {
  readonly routes: ReadonlyArray<RouteCounts>
  readonly lateness: Histogram.Histogram
  firstSent: number
  lastAnswer: number
}

const route = (): RouteCounts => ({
  sent: 0,
  ok: 0,
  failed: 0,
  bytesSent: 0,
  bytesReceived: 0,
  statuses: new Uint32Array(1000),
  errors: new Map(),
  both: Histogram.make(),
  latency: Histogram.make(),
  service: Histogram.make(),
})

export class Tally {
  /** What starts before this time is not counted: the warm-up. */
  countFrom = 0
  /** Of the whole run, those that count. */
  failures = 0
  readonly counts: Counts

  constructor(routes: number) {
    this.counts = {
      routes: Array.from({ length: routes }, route),
      lateness: Histogram.make(),
      firstSent: Infinity,
      lastAnswer: -Infinity,
    }
  }

  #of(index: number): RouteCounts {
    const counts = this.counts.routes[index]
    if (counts === undefined) throw new RangeError(`there is no route ${index}`)
    return counts
  }

  /** A request was handed to a connection. */
  sent(index: number, due: number, bytes: number): void {
    if (due < this.countFrom) return
    const counts = this.#of(index)
    counts.sent += 1
    counts.bytesSent += bytes
    if (due < this.counts.firstSent) this.counts.firstSent = due
  }

  late(due: number, ms: number): void {
    if (due >= this.countFrom) this.counts.lateness.recordValue(Histogram.toMicros(ms))
  }

  /** A complete answer. `failure` is empty when it is as expected. */
  answered(
    index: number,
    status: number,
    failure: "" | "status" | "check",
    example: string,
    due: number,
    sentAt: number,
    now: number,
    bytes: number,
  ): void {
    if (due < this.countFrom) return
    const counts = this.#of(index)
    counts.bytesReceived += bytes
    counts.statuses[status] = (counts.statuses[status] ?? 0) + 1
    const latency = Histogram.toMicros(now - due)
    if (sentAt === due) {
      counts.both.recordValue(latency)
    } else {
      counts.latency.recordValue(latency)
      counts.service.recordValue(Histogram.toMicros(now - sentAt))
    }
    this.counts.lastAnswer = now
    if (failure === "") counts.ok += 1
    else this.#failed(counts, failure, example)
  }

  /** Bytes of an answer that is not complete and will not be. */
  received(index: number, due: number, bytes: number): void {
    if (due >= this.countFrom) this.#of(index).bytesReceived += bytes
  }

  failed(index: number, due: number, failure: ErrorClass, example: string): void {
    if (due >= this.countFrom) this.#failed(this.#of(index), failure, example)
  }

  #failed(counts: RouteCounts, failure: ErrorClass, example: string): void {
    counts.failed += 1
    this.failures += 1
    const seen = counts.errors.get(failure)
    if (seen === undefined) counts.errors.set(failure, { count: 1, example })
    else seen.count += 1
  }

  /** After its counts were added up somewhere else. */
  reset(): void {
    for (const counts of this.counts.routes) {
      counts.sent = counts.ok = counts.failed = counts.bytesSent = counts.bytesReceived = 0
      counts.statuses.fill(0)
      counts.errors.clear()
      counts.both.reset()
      counts.latency.reset()
      counts.service.reset()
    }
    this.counts.lateness.reset()
    this.counts.firstSent = Infinity
    this.counts.lastAnswer = -Infinity
  }

  /** Frees the histograms. */
  destroy(): void {
    for (const counts of this.counts.routes) {
      counts.both.destroy()
      counts.latency.destroy()
      counts.service.destroy()
    }
    this.counts.lateness.destroy()
  }
}
