/**
 * The closed model: so many connections, each sending its next request when the last has ended.
 *
 * Latency counts from when the connection became free. A connection whose requests fail without an
 * answer waits a little longer each time before it tries again, so that a dead server is not
 * hammered. When the very first attempt of every connection fails to connect, the run is over: it
 * is `unreachable`.
 *
 * It stops in two steps. `stop` sends nothing more, and `onEnd` is called when the last answer is
 * in; `cut` forgets what is still in flight. Both may be called at any time, also twice.
 */
import type { ErrorClass } from "../Report.ts"
import type { HttpClient } from "./HttpClient.ts"
import type { Recorder } from "./Recorder.ts"

export interface Options {
  readonly client: HttpClient
  readonly recorder: Recorder
  readonly connections: number
  /** How many requests to send in total; `Infinity` for no limit. */
  readonly requests: number
  /** Monotonic, in ms. */
  readonly now: () => number
  readonly onEnd: () => void
}

export interface Generator {
  readonly start: () => void
  readonly stop: () => void
  readonly cut: () => void
  readonly unreachable: () => boolean
  /** In ms: since the first request, up to now or to the end. */
  readonly elapsed: () => number
  /** Complete answers per second, from the first request to the last answer. */
  readonly rate: () => number
}

/** Failures that leave it open whether anybody is there at all. */
const unreachable: ReadonlySet<ErrorClass> = new Set<ErrorClass>(["refused", "dns", "other"])

/**
 * How long a connection waits before its next attempt, in ms, after so many failures in a row: the
 * first is tried again at once, then 10, 20, 40 up to 250 ms.
 */
export const backoff = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(250, 10 * 2 ** Math.min(failures - 2, 10))

export const closed = (options: Options): Generator => {
  const { client, now, recorder } = options
  const connections = Math.min(options.connections, options.requests)
  const waiting = new Map<NodeJS.Timeout, () => void>()
  let live = 0
  let left = options.requests
  let started = 0
  let lastAnswer = 0
  let endedAt: number | undefined
  let firstAttempts = 0
  let unreached = 0
  let everConnected = false
  let stopped = false
  let cut = false

  const end = (): void => {
    if (endedAt !== undefined) return
    endedAt = now()
    options.onEnd()
  }
  const retire = (): void => {
    live -= 1
    if (live === 0) end()
  }
  const stop = (): void => {
    stopped = true
    for (const [timer, wake] of waiting) {
      clearTimeout(timer)
      wake()
    }
    waiting.clear()
  }

  const openConnection = (): (() => void) => {
    let due = 0
    let failures = 0
    let first = true

    const fire = (): void => {
      if (stopped || left === 0) return retire()
      left -= 1
      due = now()
      recorder.sent()
      connection.send()
    }
    const connection = client.open({
      answered: (status, reason) => {
        if (cut) return
        lastAnswer = now()
        recorder.answered(status, reason, lastAnswer - due)
        everConnected = true
        failures = 0
        first = false
        fire()
      },
      failed: (failure, example) => {
        if (cut) return
        recorder.failed(failure, example)
        failures += 1
        const reached = !unreachable.has(failure)
        if (reached) everConnected = true
        if (first) {
          first = false
          firstAttempts += 1
          if (!reached) unreached += 1
          if (!everConnected && firstAttempts === connections) stop()
        }
        // A request that timed out has waited long enough.
        const wait = failure === "replyTimeout" ? 0 : backoff(reached ? failures : failures + 1)
        const delay = stopped || left === 0 ? 0 : wait
        if (delay === 0) return fire()
        const timer = setTimeout(() => {
          waiting.delete(timer)
          fire()
        }, delay)
        waiting.set(timer, fire)
      },
    })
    return fire
  }

  return {
    start: () => {
      started = now()
      lastAnswer = started
      live = connections
      for (let i = 0; i < connections; i += 1) openConnection()()
    },
    stop,
    cut: () => {
      cut = true
      stop()
      end()
    },
    unreachable: () => !everConnected && unreached === connections,
    elapsed: () => (endedAt ?? now()) - started,
    rate: () => {
      const window = lastAnswer - started
      return window > 0 ? (recorder.answers() * 1000) / window : 0
    },
  }
}
