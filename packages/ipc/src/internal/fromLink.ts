/**
 * A Channel over a Link: owns the subscriptions and the translation of the kernel's plain words
 * into typed errors. The link is closed with the Scope.
 */
import { Cause, Deferred, Effect, Queue } from "effect"

import type * as Plain from "../bare/CloseReason.ts"
import type { Link, Listener } from "../bare/Link.ts"
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

/** Suspends until there is room, on this line if one is given, or the link has ended. */
export const writable = (link: Link, line?: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const cancel = link.onceWritable(() => resume(Effect.void), line)
    return Effect.sync(cancel)
  })

/** What hears the messages of a subject, as a listener of the link does. */
type Subscriber = Listener

/** One of several subscribers keeps its share of a message's weight. */
const hearAll = (
  link: Link,
  subject: string,
  all: ReadonlyArray<Subscriber>,
  message: unknown,
  weight: number,
): boolean => {
  const share = weight / all.length
  let kept = 0
  for (const hear of all) if (hear(message, share) === false) kept++
  if (kept === 0) return true
  link.consume(weight - kept * share, subject)
  return false
}

/** Everybody who listens to one subject of one link. */
const subscribers = (link: Link) => {
  const bySubject = new Map<string, { readonly all: Set<Subscriber>; readonly stop: () => void }>()

  const listen = (subject: string, all: Set<Subscriber>) =>
    link.listen(subject, (message, weight) => {
      if (all.size > 1) return hearAll(link, subject, [...all], message, weight)
      for (const hear of all) return hear(message, weight)
    })

  return (subject: string, subscriber: Subscriber): (() => void) => {
    const known = bySubject.get(subject)
    const all = known?.all ?? new Set()
    all.add(subscriber)
    if (known === undefined) bySubject.set(subject, { all, stop: listen(subject, all) })
    return () => {
      if (!all.delete(subscriber) || all.size > 0) return
      bySubject.get(subject)?.stop()
      bySubject.delete(subject)
    }
  }
}

const send = (link: Link): Channel["send"] => {
  const observers = observersOf(link)
  return (subject, message, transfer) =>
    Effect.callback((resume) => {
      const began = observers.size === 0 ? 0 : performance.now()
      const line = link.line(subject)
      link.send(line, message, transfer, {
        refused: (error) => resume(Effect.fail(refusal(link, error))),
        sent: () => {
          if (began !== 0) for (const one of observers) one.left(performance.now() - began)
          resume(link.hasRoomOn(line) ? Effect.void : writable(link, line))
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
    listen: attach,
    subscribe: Effect.fnUntraced(function* (subject) {
      const queue = yield* Queue.unbounded<readonly [unknown, number], IpcError>()
      const release = (weight: number) => link.consume(weight, subject)
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          const stop = attach(subject, (message, weight) => {
            Queue.offerUnsafe(queue, [message, weight])
            return false
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
                for (const [, weight] of rest) release(weight)
              }),
            ),
          ),
      )
      return {
        take: Effect.map(Queue.take(queue), ([message, weight]) => {
          release(weight)
          return message
        }),
      }
    }),
    closed: Deferred.await(closed),
    stats: Effect.sync(() => link.stats),
  }
  return channel
})
