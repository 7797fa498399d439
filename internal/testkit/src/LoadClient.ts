/**
 * A small honest load client: `connections` lanes, each sends a request, waits for the whole reply and
 * sends the next (closed model). Every request that was sent is counted exactly once, as ok or as failed.
 * Owns its agent and its sockets; it measures service time only, for arrival rates and percentiles there
 * is `@manycore/loadtest`.
 *
 * How it stops: `stop`, the number of requests or the duration end the sending, requests in flight
 * finish or time out, then the agent is destroyed. Closing the scope aborts what is in flight.
 *
 * @since 0.1.0
 */
import { Agent, type IncomingMessage, request as httpRequest } from "node:http"

import { Deferred, Duration, Effect, type Scope } from "effect"

import { now } from "./internal/realTime.ts"

/** A whole reply, whatever its status. @category models */
export interface Reply {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

/** @category models */
export interface Options {
  /** `http://` only. */
  readonly url: string
  /** How many lanes, each with one connection. >= 1. */
  readonly connections: number
  /** Stop after so many requests. Default for `run` without `duration`: 100. */
  readonly requests?: number | undefined
  /** Stop sending after this time. */
  readonly duration?: Duration.Input | undefined
  /** One connection for many requests. Default true. */
  readonly keepAlive?: boolean | undefined
  /** For one request until the end of its reply. Default 10 seconds. */
  readonly timeout?: Duration.Input | undefined
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
  /** Sees every whole reply, for example to count who answered. */
  readonly onReply?: ((reply: Reply) => void) | undefined
}

/** @category models */
export interface Counts {
  /** Requests begun. `sent = ok + failed + inFlight`. */
  readonly sent: number
  /** Whole replies with a status below 400. */
  readonly ok: number
  /** Everything else. */
  readonly failed: number
  /**
   * The failed ones by class: `status 503`, Node's code (`ECONNRESET`, `ECONNREFUSED`,
   * `HPE_INVALID_CONSTANT`), `TIMEOUT`, `ABORTED` (reply cut short). A code gets ` (reused)` when the
   * request went out on a kept-alive connection, where a server may have hung up just before.
   */
  readonly errors: Readonly<Record<string, number>>
  /** Whole replies by status, failed ones (>= 400) included. */
  readonly statuses: Readonly<Record<string, number>>
}

/** @category models */
export interface Snapshot extends Counts {
  readonly inFlight: number
}

/** `sent = ok + failed`. @category models */
export interface Result extends Counts {
  /** Milliseconds from sending to the end of the reply, of the ok ones, ascending, raw. */
  readonly latencies: ReadonlyArray<number>
  /** Milliseconds from the first request to the last reply. */
  readonly elapsed: number
}

/** @category models */
export interface LoadClient {
  /** Ends the sending, lets what is in flight finish and gives the result; again and again the same one. */
  readonly stop: Effect.Effect<Result>
  /** Waits for the end by number or duration (or by `stop` elsewhere). */
  readonly done: Effect.Effect<Result>
  readonly snapshot: () => Snapshot
}

type Outcome =
  | { readonly _tag: "Replied"; readonly reply: Reply }
  | { readonly _tag: "Failed"; readonly kind: string }

/** One request, exactly one outcome. Never rejects. */
const exchange = (
  options: Options,
  agent: Agent,
  timeout: number,
  signal: AbortSignal,
): Promise<Outcome> =>
  new Promise((settle) => {
    let replying = false
    let timedOut = false
    const request = httpRequest(options.url, {
      agent,
      signal,
      method: options.method ?? "GET",
      headers: { ...options.headers },
    })
    const timer = setTimeout(() => {
      timedOut = true
      request.destroy()
      fail("TIMEOUT")
    }, timeout)
    const fail = (kind: string): void => {
      clearTimeout(timer)
      settle({ _tag: "Failed", kind })
    }
    request.on("error", (error: NodeJS.ErrnoException) => {
      const reused = request.reusedSocket ? " (reused)" : ""
      if (timedOut) fail("TIMEOUT")
      else fail(replying ? "ABORTED" : `${error.code ?? error.name}${reused}`)
    })
    request.on("response", (response) => {
      replying = true
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => {
        if (options.onReply !== undefined) chunks.push(chunk)
      })
      response.on("error", () => fail("ABORTED"))
      response.on("close", () => fail("ABORTED"))
      response.on("end", () => {
        if (!response.complete) return fail("ABORTED")
        clearTimeout(timer)
        const body = Buffer.concat(chunks).toString("utf8")
        const status = response.statusCode ?? 0
        return settle({ _tag: "Replied", reply: { status, headers: response.headers, body } })
      })
    })
    request.end(options.body)
  })

const tally = (record: Record<string, number>, key: string): void => {
  record[key] = (record[key] ?? 0) + 1
}

/** The whole run as a promise; `state` is filled while it goes. */
const drive = async (options: Options, state: State): Promise<Result> => {
  const timeout = Duration.toMillis(options.timeout ?? "10 seconds")
  const { agent, counts, latencies } = state
  const began = now()
  const until =
    options.duration === undefined ? Infinity : began + Duration.toMillis(options.duration)
  const limit = options.requests ?? Infinity

  const lane = async (): Promise<void> => {
    while (!state.stopping && counts.sent < limit && now() < until) {
      counts.sent++
      const start = now()
      const outcome = await exchange(options, agent, timeout, state.abort.signal)
      if (outcome._tag === "Failed") {
        counts.failed++
        tally(counts.errors, outcome.kind)
        continue
      }
      const { status } = outcome.reply
      tally(counts.statuses, String(status))
      if (status < 400) {
        counts.ok++
        latencies.push(now() - start)
      } else {
        counts.failed++
        tally(counts.errors, `status ${status}`)
      }
      options.onReply?.(outcome.reply)
    }
  }
  await Promise.all(Array.from({ length: options.connections }, lane))
  const elapsed = now() - began
  agent.destroy()
  if (counts.sent !== counts.ok + counts.failed) {
    throw new Error(`LoadClient lost count: ${JSON.stringify(counts)}`)
  }
  return { ...counts, latencies: latencies.toSorted((a, b) => a - b), elapsed }
}

interface State {
  readonly counts: {
    sent: number
    ok: number
    failed: number
    readonly errors: Record<string, number>
    readonly statuses: Record<string, number>
  }
  readonly latencies: Array<number>
  readonly agent: Agent
  readonly abort: AbortController
  stopping: boolean
}

const begin = (options: Options): State => ({
  counts: { sent: 0, ok: 0, failed: 0, errors: {}, statuses: {} },
  latencies: [],
  // With a limit Node's agent hands a socket on to the next request also when it must not be kept.
  agent:
    options.keepAlive === false
      ? new Agent({ keepAlive: false })
      : new Agent({ keepAlive: true, maxSockets: options.connections }),
  abort: new AbortController(),
  stopping: false,
})

/**
 * Starts the load in the background; it runs until `stop`, or until `requests` or `duration` when given.
 *
 * Dies when its own counts do not add up.
 *
 * @category running
 * @since 0.1.0
 */
export const start = (options: Options): Effect.Effect<LoadClient, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.gen(function* () {
        const state = begin(options)
        const ended = yield* Deferred.make<Result>()
        const finished = drive(options, state).then(
          (result) => Deferred.doneUnsafe(ended, Effect.succeed(result)),
          (error: unknown) => Deferred.doneUnsafe(ended, Effect.die(error)),
        )
        return { state, ended, finished }
      }),
      ({ finished, state }) =>
        Effect.suspend(() => {
          state.stopping = true
          state.abort.abort()
          return Effect.promise(() => finished)
        }),
    ),
    ({ ended, state }) => ({
      done: Deferred.await(ended),
      stop: Effect.suspend(() => {
        state.stopping = true
        return Deferred.await(ended)
      }),
      snapshot: () => ({
        ...state.counts,
        errors: { ...state.counts.errors },
        statuses: { ...state.counts.statuses },
        inFlight: state.counts.sent - state.counts.ok - state.counts.failed,
      }),
    }),
  )

/**
 * Sends `requests` (default 100 when there is no `duration` either) or for `duration`, and gives the
 * result. Interruption aborts it.
 *
 * @category running
 * @since 0.1.0
 */
export const run = (options: Options): Effect.Effect<Result> =>
  Effect.scoped(
    Effect.flatMap(
      start(
        options.requests === undefined && options.duration === undefined
          ? { ...options, requests: 100 }
          : options,
      ),
      (client) => client.done,
    ),
  )
