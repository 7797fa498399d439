/**
 * A Channel over a Link: owns the subscriptions and the translation of the kernel's plain words
 * into typed errors. The link is closed with the Scope.
 */
import { Cause, Deferred, Effect, Queue } from "effect"

import type * as Plain from "../bare/CloseReason.ts"
import type { Link } from "../bare/Link.ts"
import { TooLarge } from "../bare/Wire.ts"
import type { Channel } from "../Channel.ts"
import {
  ChannelClosed,
  type CloseReason,
  IpcError,
  MessageTooLarge,
  NotSerializable,
  PeerDisconnected,
  PeerExited,
  ProtocolViolation,
} from "../IpcError.ts"
import { observersOf } from "./observation.ts"

const toReason = (reason: Plain.CloseReason): CloseReason => {
  switch (reason._tag) {
    case "PeerExited": {
      const { _tag, ...fields } = reason
      return new PeerExited(fields)
    }
    case "PeerDisconnected": {
      return new PeerDisconnected()
    }
    case "ChannelClosed": {
      return new ChannelClosed()
    }
    case "ProtocolViolation": {
      return new ProtocolViolation({ detail: reason.detail })
    }
  }
}

const isPlainReason = (error: unknown): error is Plain.CloseReason =>
  typeof error === "object" && error !== null && "_tag" in error && !(error instanceof Error)

/** Why a message was refused: the end of its link, its size, or what it holds. */
export const refusal = (link: Link, error: unknown, call?: string): IpcError => {
  const about = { peer: link.peer, ...(call === undefined ? {} : { call }) }
  if (isPlainReason(error)) return new IpcError({ ...about, reason: toReason(error) })
  if (error instanceof TooLarge) {
    const { bytes, limit } = error
    return new IpcError({ ...about, reason: new MessageTooLarge({ bytes, limit }) })
  }
  return new IpcError({ ...about, reason: new NotSerializable({ cause: error }) })
}

/** Suspends until the window has room, or the link has ended. */
export const writable = (link: Link): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const cancel = link.onceWritable(() => resume(Effect.void))
    return Effect.sync(cancel)
  })

interface Subscriber {
  readonly keeps: boolean
  readonly hear: (message: unknown, release: () => void) => void
}

const free = () => {}

/** Everybody who listens to one subject of one link. */
const subscribers = (link: Link) => {
  const bySubject = new Map<string, Set<Subscriber>>()
  return (subject: string, subscriber: Subscriber): (() => void) => {
    const known = bySubject.get(subject)
    const all = known ?? new Set<Subscriber>()
    all.add(subscriber)
    let stopListening = free
    if (known === undefined) {
      bySubject.set(subject, all)
      stopListening = link.listen(subject, (message, weight) => {
        let keepers = 0
        for (const one of all) if (one.keeps) keepers++
        const release =
          keepers === 0
            ? free
            : () => {
                if (--keepers === 0) link.consume(weight)
              }
        for (const one of all) one.hear(message, release)
        return keepers === 0
      })
      stops.set(all, stopListening)
    }
    return () => {
      all.delete(subscriber)
      if (all.size > 0) return
      bySubject.delete(subject)
      stops.get(all)?.()
    }
  }
}

const stops = new WeakMap<Set<Subscriber>, () => void>()

const send = (link: Link): Channel["send"] => {
  const observers = observersOf(link)
  return (subject, message, transfer) =>
    Effect.callback((resume) => {
      const began = observers.size === 0 ? 0 : performance.now()
      link.send(link.line(subject), message, transfer, {
        refused: (error) => resume(Effect.fail(refusal(link, error))),
        sent: () => {
          if (began !== 0) for (const one of observers) one.left(performance.now() - began)
          resume(link.writable ? Effect.void : writable(link))
        },
      })
    })
}

export const fromLink = Effect.fnUntraced(function* (open: Effect.Effect<Link>) {
  const link = yield* Effect.acquireRelease(open, (link) => Effect.sync(() => link.close()))
  const closed = Deferred.makeUnsafe<CloseReason>()
  link.onceClosed((reason) => Deferred.doneUnsafe(closed, Effect.succeed(toReason(reason))))
  const attach = subscribers(link)

  const channel: Channel = {
    peer: link.peer,
    link,
    send: send(link),
    listen: (subject, listener) => attach(subject, { keeps: false, hear: listener }),
    subscribe: Effect.fnUntraced(function* (subject) {
      const queue = yield* Queue.unbounded<readonly [unknown, () => void], IpcError>()
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          const stop = attach(subject, {
            keeps: true,
            hear: (message, release) => Queue.offerUnsafe(queue, [message, release]),
          })
          const forget = link.onceClosed((reason) => {
            Queue.failCauseUnsafe(queue, Cause.fail(refusal(link, reason)))
          })
          return () => {
            stop()
            forget()
          }
        }),
        (stop) =>
          Effect.andThen(
            Effect.sync(stop),
            // What nobody will take any more must not fill the window for ever.
            Effect.ignore(
              Effect.map(Queue.clear(queue), (rest) => {
                for (const [, release] of rest) release()
              }),
            ),
          ),
      )
      return {
        take: Effect.map(Queue.take(queue), ([message, release]) => {
          release()
          return message
        }),
      }
    }),
    closed: Deferred.await(closed),
    stats: Effect.sync(() => link.stats),
  }
  return channel
})
