/**
 * How many answers a second a run got. Pure.
 *
 * In the closed model that is all of them by the time until the last one, or until nothing more was
 * sent when no answer came after that.
 *
 * In the open model the end of a run needs care. The last requests are answered after the sending
 * time: when they take as long as all the others, the rate was delivered nevertheless; when a queue
 * has grown, its answers must not count as if they had come in time. So there are two estimates, and
 * the better one counts: what came within the sending time, over that time without the typical
 * latency (before it nothing can come); and everything, over the time until the last answer without
 * the typical latency. A single slow answer spoils only the second, a stall at the very end only the
 * first, a queue both.
 */

/** Counts are of complete answers, times in ms after the first request. */
export interface Facts {
  readonly answers: number
  /** Of these, what came after nothing more was sent. */
  readonly late: number
  /** When the last one came; `-Infinity` without any. */
  readonly last: number
  /** When nothing more was sent. */
  readonly stopped: number
  /** The shortest median latency of an interval: without the queue that an overload builds up. */
  readonly typical: number
  /** How long the schedule was walked through; `undefined` in the closed model. */
  readonly scheduled: number | undefined
  /** How many requests the schedule had in that time; may be a fraction. */
  readonly due: number
}

/** In ms; 0 when no time went by. */
export const perSecond = (count: number, ms: number): number => (ms > 0 ? (count * 1000) / ms : 0)

export const of = ({ answers, due, last, late, scheduled, stopped, typical }: Facts): number => {
  if (answers === 0) return 0
  if (scheduled === undefined) return perSecond(answers, Math.max(last, stopped))
  const inTime = perSecond(answers - late, Math.min(scheduled, stopped) - typical)
  const inAll = perSecond(answers, Math.max(scheduled, last - typical))
  return Math.min(perSecond(Math.min(answers, due), scheduled), Math.max(inTime, inAll))
}
