/**
 * How long tasks take, by kind, and how many of them a thread may hold. A thread should have about
 * 250 µs of work ahead: less, and it waits for messages; more, and a short task stands behind too
 * many others. Pure arithmetic.
 */

/** Work that a thread may have ahead, in µs. */
const ahead = 250

/** No thread holds more tasks, however short they are. */
const mostTasks = 256

/** A mean of what was measured, in which the latest counts for a fifth. */
export class TaskTimes {
  private readonly means: Array<number | undefined> = []

  /** µs that a task of this kind takes; infinite while nobody knows. */
  of(kind: number): number {
    return this.means[kind] ?? Number.POSITIVE_INFINITY
  }

  /** @param micros what `count` tasks took together */
  record(kind: number, count: number, micros: number): void {
    if (count < 1 || !(micros >= 0)) return
    const mean = micros / count
    const before = this.means[kind]
    // Many at once weigh as much as they would one by one.
    const weight = before === undefined ? 1 : 1 - 0.8 ** Math.min(count, 16)
    this.means[kind] = before === undefined ? mean : before + (mean - before) * weight
  }
}

/**
 * Whether a thread that holds `held` tasks, of `load` µs together, takes one more of `micros`. It
 * always may have one that is ready beside those that run.
 *
 * @param concurrency async tasks that run on it at once
 */
export const accepts = (held: number, load: number, micros: number, concurrency: number): boolean =>
  held <= concurrency || (held < mostTasks && (load + micros) / concurrency <= ahead)
