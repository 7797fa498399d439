/**
 * What a channel carries, as Effect Metrics. Counts are read from the channel when somebody takes a
 * snapshot, so they cost nothing in between; only the two histograms are written while it works.
 *
 * | metric | kind | what |
 * | --- | --- | --- |
 * | `manycore_ipc_messages_sent`, `manycore_ipc_messages_received` | counter | messages |
 * | `manycore_ipc_bytes_sent`, `manycore_ipc_bytes_received` | counter | bytes: exact on pipes, a good guess elsewhere |
 * | `manycore_ipc_messages_refused` | counter | not copyable, too large, or the channel ended first |
 * | `manycore_ipc_messages_ignored` | counter | arrived where calls or answers should, and are neither |
 * | `manycore_ipc_bytes_outstanding` | gauge | bytes sent that the peer has not consumed |
 * | `manycore_ipc_bytes_waiting` | gauge | bytes that wait here, since the peer has no room for them |
 * | `manycore_ipc_calls_in_flight` | gauge | calls and streams of `Ipc.client` that have not ended |
 * | `manycore_ipc_queue_wait_ms` | histogram | from `send` or a call to the transport |
 * | `manycore_ipc_round_trip_ms` | histogram | from a call to its answer, waiting included |
 *
 * It starts nothing. The series go with their Scope.
 *
 * @since 0.1.0
 */
import { type Context, Effect, Metric, type Scope } from "effect"

import type { LinkStats } from "./bare/Link.ts"
import type { Channel } from "./Channel.ts"
import { type Observer, observersOf } from "./internal/observation.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Attributes of every series, besides `peer`. Two channels need different ones when their peers have
   * the same name, as both ends of a `MemoryChannel` do: else one replaces the other.
   */
  readonly attributes?: Readonly<Record<string, string>>
}

/** In ms. The same bounds everywhere, so that histograms of several processes add up. */
const boundaries = Metric.exponentialBoundaries({ start: 0.0625, factor: 2, count: 18 })

const counters: ReadonlyArray<readonly [name: string, of: keyof LinkStats, description: string]> = [
  ["messages_sent", "sent", "Messages sent"],
  ["messages_received", "received", "Messages received"],
  ["bytes_sent", "bytesSent", "Bytes sent"],
  ["bytes_received", "bytesReceived", "Bytes received"],
  ["messages_refused", "refused", "Messages that could not be sent"],
  ["messages_ignored", "ignored", "Messages that are neither calls nor answers"],
]

/**
 * Register the metrics of a channel in the current `MetricRegistry`, until the Scope closes. They have
 * the attribute `peer`, and those of the options. Calls are counted from now on, the rest since the
 * channel was opened. Each call costs about a microsecond more while it is registered.
 *
 * @category constructors
 * @since 0.1.0
 */
export const register = (
  channel: Channel,
  options: Options = {},
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.sync(() => registerUnsafe(channel, options, context)),
    ),
    (remove) => Effect.sync(remove),
  ).pipe(Effect.asVoid)

const registerUnsafe = (
  channel: Channel,
  options: Options,
  context: Context.Context<never>,
): (() => void) => {
  const { link } = channel
  const attributes = { peer: channel.peer, ...options.attributes }
  const about = (description: string) => ({ description, attributes })
  let inFlight = 0

  const pulled = [
    ...counters.map(([name, key, description]) =>
      Metric.registerUnsafe(
        Metric.counter(`manycore_ipc_${name}`, { ...about(description), incremental: true }),
        context,
        { ...readOnly, get: () => ({ count: link.stats[key], incremental: true }) },
      ),
    ),
    Metric.registerUnsafe(
      Metric.gauge("manycore_ipc_bytes_outstanding", about("Bytes sent and not yet consumed")),
      context,
      { ...readOnly, get: () => ({ value: link.stats.outstanding }) },
    ),
    Metric.registerUnsafe(
      Metric.gauge("manycore_ipc_bytes_waiting", about("Bytes that wait for room at the peer")),
      context,
      { ...readOnly, get: () => ({ value: link.stats.waiting }) },
    ),
    Metric.registerUnsafe(
      Metric.gauge("manycore_ipc_calls_in_flight", about("Calls that have not ended")),
      context,
      { ...readOnly, get: () => ({ value: inFlight }) },
    ),
  ]
  const queueWait = Metric.histogram("manycore_ipc_queue_wait_ms", {
    ...about("From send or a call to the transport, in ms"),
    boundaries,
  })
  const roundTrip = Metric.histogram("manycore_ipc_round_trip_ms", {
    ...about("From a call to its answer, in ms"),
    boundaries,
  })

  const observer: Observer = {
    left: (millis) => queueWait.updateUnsafe(millis, context),
    began: () => {
      inFlight++
    },
    ended: (millis) => {
      inFlight--
      if (millis !== undefined) roundTrip.updateUnsafe(millis, context)
    },
  }
  const observers = observersOf(link)
  observers.add(observer)
  return () => {
    observers.delete(observer)
    for (const one of pulled) one.remove()
    for (const one of [queueWait, roundTrip]) Metric.removeUnsafe(one, context)
  }
}

/** Nobody writes what is read from the channel. */
const readOnly = { update: () => {}, modify: () => {} }
