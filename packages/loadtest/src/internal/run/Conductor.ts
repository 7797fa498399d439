/**
 * Conducts one run: starts its fleet, adds up its parcels, sees to it that it ends, and composes what
 * it found. Everything happens in callbacks; `LoadTest` wraps it in an Effect.
 *
 * The run ends by itself (see `Generator`); what does not is stopped here: too many failures over all
 * threads, no answer for a long time in a run that only its requests would end, and a deadline for
 * the whole. Whoever does not end within `cutTime` after being cut is given up.
 */
import * as Duration from "effect/Duration"

import * as Plan from "../../Plan.ts"
import type { Report } from "../../Report.ts"
import type { Snapshot } from "../../Snapshot.ts"
import type { Ending } from "../engine/Generator.ts"
import * as Compose from "./compose.ts"
import type { Events, Fleet } from "./Fleet.ts"
import type { Result } from "./Generators.ts"
import { Ledger } from "./Ledger.ts"
import type { Parcel } from "./Parcel.ts"
import { Series } from "./Series.ts"

/** How long the fleet may take beyond what the plan allows, in ms. */
const slack = 5000
/** Without any answer for so long, a run that only its requests would end is over, in ms. */
const quietTime = (timeout: number): number => Math.max(5 * timeout, 60_000)

export interface Options {
  readonly plan: Plan.Plan
  readonly environment: Report["environment"]
  readonly fleet: (events: Events) => Fleet
  readonly onEnd: (report: Report) => void
  readonly onLost: (cause: unknown) => void
}

const now = (): number => performance.timeOrigin + performance.now()

export class Conductor {
  readonly #options: Options
  readonly #fleet: Fleet
  readonly #ledger: Ledger
  readonly #series = new Series()
  readonly #timers = new Set<NodeJS.Timeout>()
  #startedAt: number | undefined = undefined
  #createdAt = now()
  #phase: Snapshot["phase"] = "warmup"
  #last: Snapshot | undefined = undefined
  #over = false

  constructor(options: Options) {
    this.#options = options
    this.#ledger = new Ledger(Plan.targets(options.plan).length)
    this.#fleet = options.fleet({
      started: (at) => {
        this.#startedAt = at
      },
      parcel: (parcel) => this.#parcel(parcel),
      ended: (results) => this.#ended(results),
      lost: (cause) => this.#lost(cause),
    })
  }

  start(): void {
    const { plan } = this.#options
    this.#createdAt = now()
    this.#fleet.start()
    const deadline = this.#deadline()
    if (deadline !== undefined) {
      this.#after(deadline, () => {
        this.#fleet.cut("deadline")
        // A thread that does not even answer to that.
        this.#after(slack, () => this.#lost("it did not end"))
      })
    }
    if (Plan.sendingTime(plan) === undefined) this.#watch(Duration.toMillis(plan.timeout))
  }

  stop(reason: Ending): void {
    if (this.#over) return
    this.#phase = "draining"
    this.#fleet.stop(reason)
    // The generators do that by themselves; this is for one that does not.
    this.#after(Duration.toMillis(this.#options.plan.grace) + slack, () => this.#fleet.cut(reason))
  }

  get snapshot(): Snapshot {
    if (this.#last !== undefined) return this.#last
    if (!this.#over) this.#fleet.collect()
    return this.#snapshot()
  }

  async close(): Promise<void> {
    this.#finish()
    await this.#fleet.close()
    this.#ledger.destroy()
    this.#series.destroy()
  }

  #snapshot(): Snapshot {
    const { plan } = this.#options
    const time = now()
    const started = this.#startedAt !== undefined && time >= this.#startedAt
    const sending = Plan.sendingTime(plan)
    if (started && this.#phase === "warmup") this.#phase = "running"
    if (
      started &&
      this.#phase === "running" &&
      sending !== undefined &&
      time - (this.#startedAt ?? time) > Duration.toMillis(sending)
    ) {
      this.#phase = "draining"
    }
    return Compose.snapshot(plan, this.#phase, this.#ledger, this.#series, this.#startedAt, time)
  }

  #after(ms: number, call: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      call()
    }, ms)
    this.#timers.add(timer)
  }

  /** In ms; `undefined` when only the number of requests ends the run. */
  #deadline(): number | undefined {
    const { plan } = this.#options
    if (plan.deadline !== undefined) return Duration.toMillis(plan.deadline)
    const sending = Plan.sendingTime(plan)
    if (sending === undefined) return undefined
    const parts = [plan.warmup, sending, plan.grace, plan.timeout]
    return parts.reduce((sum, part) => sum + Duration.toMillis(part), slack)
  }

  #watch(timeout: number): void {
    const quiet = quietTime(timeout)
    const look = (): void => {
      const last = Math.max(this.#ledger.lastAnswer, this.#createdAt)
      if (now() - last > quiet) this.stop("deadline")
      else this.#after(Math.min(quiet, 5000), look)
    }
    look()
  }

  #parcel(parcel: Parcel): void {
    if (this.#over) return
    this.#ledger.add(parcel)
    if (this.#startedAt !== undefined) this.#series.add(parcel.at - this.#startedAt, parcel)
    const { bail } = this.#options.plan
    if (bail !== undefined && this.#ledger.requests.failed >= bail) this.#fleet.stop("bail")
  }

  #ended(results: ReadonlyArray<Result>): void {
    if (this.#over) return
    const { environment, onEnd, onLost, plan } = this.#options
    const { requests } = this.#ledger
    const inFlight = results.reduce((sum, result) => sum + result.inFlight, 0)
    if (requests.sent !== requests.ok + requests.failed + inFlight) {
      onLost(
        new Error(
          `manyload lost count of its requests: ${JSON.stringify({ ...requests, inFlight })}`,
        ),
      )
      return this.#finish()
    }
    const report = Compose.report(plan, environment, this.#ledger, this.#series, results)
    this.#phase = "ended"
    this.#last = { ...this.#snapshot(), progress: 1, elapsed: report.duration, rate: report.rate }
    this.#finish()
    onEnd(report)
  }

  #lost(cause: unknown): void {
    if (this.#over) return
    this.#finish()
    this.#options.onLost(cause)
  }

  #finish(): void {
    this.#over = true
    for (const timer of this.#timers) clearTimeout(timer)
  }
}
