/**
 * How a run is doing while it runs: what screens and progress lines show.
 *
 * @since 0.1.0
 */
import type { Report, Latency } from "./Report.ts"

/**
 * - `phase`: `warmup` (nothing is counted yet), `running`, `draining` (waiting for the last answers),
 *   `ended`
 * - `elapsed`: ms since the first request that counts (0 during the warm-up)
 * - `progress`: from 0 to 1, by requests or by time, whichever is further; `null` when neither ends it
 * - `rate.asked`: requests per second that the plan wants at this moment, `null` in the closed model;
 *   `rate.delivered`: complete answers per second since the start
 * - `latency`, `service`, `statuses`, `errors`, `bytes`: of everything so far, as in the report
 * - `recent`: the last interval that was complete, about a second long: its complete answers per
 *   second, its failures and its latencies; `null` before the first one
 *
 * @category models
 * @since 0.1.0
 */
export interface Snapshot {
  readonly phase: "warmup" | "running" | "draining" | "ended"
  readonly elapsed: number
  readonly progress: number | null
  readonly requests: Report["requests"]
  readonly rate: { readonly asked: number | null; readonly delivered: number }
  readonly latency: Latency | null
  readonly statuses: Report["statuses"]
  readonly errors: Report["errors"]
  readonly bytes: Report["bytes"]
  readonly recent: Report["series"][number] | null
}
