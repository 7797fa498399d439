/**
 * Who watches what a link carries: its calls, and how long messages wait for room. Free while nobody
 * does: one comparison for each call and each message.
 */
import { Cause, Effect, Exit, Stream } from "effect"

import type { Link } from "../bare/Link.ts"
import { IpcError } from "../IpcError.ts"

export interface Observer {
  /** A message was handed to the transport, so many ms after it was sent. */
  readonly left: (millis: number) => void
  readonly began: () => void
  /** A call has ended; with its round trip in ms when it was answered. */
  readonly ended: (millis: number | undefined) => void
}

const byLink = new WeakMap<Link, Set<Observer>>()

/** The observers of a link, as they come and go. */
export const observersOf = (link: Link): Set<Observer> => {
  const known = byLink.get(link)
  if (known !== undefined) return known
  const observers = new Set<Observer>()
  byLink.set(link, observers)
  return observers
}

/** The peer said what became of the call, be it an error or a defect. */
const isAnswered = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isSuccess(exit) ||
  !(Cause.hasInterrupts(exit.cause) || Cause.squash(exit.cause) instanceof IpcError)

/**
 * A call whose begin and end the observers see. A flat one waits for room by itself; one of the full
 * protocol does so in `send`, where it is timed.
 */
export const observedCall = <A, E, R>(
  link: Link,
  call: Effect.Effect<A, E, R>,
  isFlat: boolean,
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const observers = [...observersOf(link)]
    const began = performance.now()
    for (const one of observers) one.began()
    const left = () => {
      for (const one of observers) one.left(performance.now() - began)
    }
    const forget = isFlat ? link.onceWritable(left) : () => {}
    return Effect.onExit(call, (exit) =>
      Effect.sync(() => {
        forget()
        const millis = isAnswered(exit) ? performance.now() - began : undefined
        for (const one of observers) one.ended(millis)
      }),
    )
  })

/** A stream is in flight while it is consumed, and has no round trip. */
export const observedStream = <A, E, R>(
  link: Link,
  stream: Stream.Stream<A, E, R>,
): Stream.Stream<A, E, R> =>
  Stream.unwrap(
    Effect.as(
      Effect.acquireRelease(
        Effect.sync(() => {
          const observers = [...observersOf(link)]
          for (const one of observers) one.began()
          return observers
        }),
        (observers) =>
          Effect.sync(() => {
            for (const one of observers) one.ended(undefined)
          }),
      ),
      stream,
    ),
  )
