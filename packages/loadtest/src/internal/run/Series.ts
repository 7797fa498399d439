/**
 * A run in intervals of a second, for the report and the screen. A long run has longer intervals:
 * there are never more than 600, whose histograms are kept encoded, so that memory is bounded.
 */
import type { Interval } from "../../Report.ts"
import * as Histogram from "../Histogram.ts"
import { addTimes, type Parcel } from "./Parcel.ts"

const maxPoints = 600

interface Point {
  readonly sent: number
  readonly answers: number
  readonly failed: number
  /** Encoded; empty for no answers. */
  readonly latency: string
}

const nothing: Point = { sent: 0, answers: 0, failed: 0, latency: "" }

export class Series {
  #interval = 1000
  readonly #points: Array<Point> = []
  /** The last point, which is not in `points` yet. */
  #open: Point = nothing
  readonly #latency = Histogram.make()
  readonly #scratch = Histogram.make()

  /** `at`: ms after the start, at the end of what the parcel counts. */
  add(at: number, parcel: Parcel): void {
    // What was counted up to the end of an interval belongs to it, although the timer is late.
    const late = Math.min(200, this.#interval / 4)
    let index = Math.max(0, Math.floor((at - late) / this.#interval))
    while (index >= maxPoints) {
      this.#coarsen()
      index = Math.floor(index / 2)
    }
    while (this.#points.length < index) this.#seal()
    const answers = parcel.routes.reduce(
      (sum, { statuses }) => statuses.reduce((sum, [, count]) => sum + count, sum),
      0,
    )
    const more = {
      sent: parcel.routes.reduce((sum, { sent }) => sum + sent, 0),
      answers,
      failed: parcel.routes.reduce((sum, { failed }) => sum + failed, 0),
    }
    if (index === this.#points.length) {
      this.#open = { ...this.#sum(this.#open, more), latency: "" }
      this.#collect(this.#latency, parcel)
      return
    }
    // A parcel of another thread that comes a little later.
    const point = this.#points[index] ?? nothing
    if (point.latency !== "") Histogram.addEncoded(this.#scratch, point.latency)
    this.#collect(this.#scratch, parcel)
    this.#points[index] = { ...this.#sum(point, more), latency: this.#take(this.#scratch) }
  }

  #sum(a: Omit<Point, "latency">, b: Omit<Point, "latency">): Omit<Point, "latency"> {
    return { sent: a.sent + b.sent, answers: a.answers + b.answers, failed: a.failed + b.failed }
  }

  #collect(to: Histogram.Histogram, parcel: Parcel): void {
    for (const { both, latency } of parcel.routes) {
      addTimes(to, both)
      addTimes(to, latency)
    }
  }

  #take(histogram: Histogram.Histogram): string {
    const encoded = histogram.totalCount === 0 ? "" : Histogram.encode(histogram)
    histogram.reset()
    return encoded
  }

  #seal(): void {
    this.#points.push({ ...this.#open, latency: this.#take(this.#latency) })
    this.#open = nothing
  }

  /** Two intervals become one. */
  #coarsen(): void {
    this.#seal()
    this.#interval *= 2
    const old = this.#points.splice(0)
    for (let i = 0; i < old.length; i += 2) {
      const [a = nothing, b = nothing] = old.slice(i, i + 2)
      for (const { latency } of [a, b]) {
        if (latency !== "") Histogram.addEncoded(this.#scratch, latency)
      }
      this.#points.push({ ...this.#sum(a, b), latency: this.#take(this.#scratch) })
    }
  }

  #describe(index: number, point: Point, end: number): Interval {
    const at = index * this.#interval
    if (point.latency !== "") Histogram.addEncoded(this.#scratch, point.latency)
    const interval = {
      at,
      span: Math.max(0, Math.min(this.#interval, end - at)),
      sent: point.sent,
      answers: point.answers,
      failed: point.failed,
      p50: Histogram.stat(this.#scratch, 50),
      p99: Histogram.stat(this.#scratch, 99),
      max: Histogram.stat(this.#scratch, "max"),
    }
    this.#scratch.reset()
    return interval
  }

  /** The last interval that is over; `null` before the first one. */
  get recent(): Interval | null {
    const index = this.#points.length - 1
    const point = this.#points[index]
    return point === undefined ? null : this.#describe(index, point, Infinity)
  }

  /** All of them, up to `end` ms after the start. */
  intervals(end: number): ReadonlyArray<Interval> {
    const latency = this.#latency.totalCount === 0 ? "" : Histogram.encode(this.#latency)
    const open = { ...this.#open, latency }
    const empty = open.sent === 0 && open.answers === 0 && open.failed === 0
    const points = empty ? this.#points : [...this.#points, open]
    return points.map((point, index) => this.#describe(index, point, end))
  }

  destroy(): void {
    this.#latency.destroy()
    this.#scratch.destroy()
  }
}
