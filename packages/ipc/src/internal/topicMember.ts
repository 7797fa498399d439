/**
 * A member's side of a topic: publishes to the hub within its credits, and keeps for each
 * subscription what the hub sent until it is taken.
 *
 * Each subscription is one of its own at the hub, so the slow one of two takes nothing from the
 * other; a value then crosses the channel once for each of them.
 *
 * It starts nothing. It stops with its Scope, with the channel, or when the hub closes the topic.
 */
import {
  Cause,
  Deferred,
  Duration,
  Effect,
  Exit,
  Queue,
  type Scope,
  Semaphore,
  Stream,
} from "effect"

import type { Channel } from "../Channel.ts"
import { attend } from "./attend.ts"
import { served as awaitServed } from "./flatClient.ts"
import { refusal, writable } from "./fromLink.ts"
import {
  InvalidValue,
  type Member,
  type MemberOptions,
  NoHub,
  type Topic,
  TopicClosed,
  TopicError,
} from "./topicModel.ts"
import {
  codecs,
  doesNotFit,
  readToMember,
  subjects,
  type ToHub,
  warnRarely,
} from "./topicProtocol.ts"

/** What one subscription has got and not yet taken. */
interface Inbox {
  readonly id: number
  readonly queue: Queue.Queue<unknown, TopicError | Cause.Done>
  readonly ready: Deferred.Deferred<void, TopicError>
  dropped: number
  /** Taken, and lost, since the hub was told last. */
  owed: number
  unreported: number
}

/** Members of one process have different ids, so several may share a channel. */
let lastId = 0

const defaultServeTimeout = Duration.seconds(10)

export const member = Effect.fnUntraced(function* <A>(
  topic: Topic<A>,
  channel: Channel,
  options: MemberOptions = {},
): Effect.fn.Return<Member<A>, never, Scope.Scope> {
  const { link } = channel
  const fork = Effect.runForkWith(yield* Effect.context())
  const { decode, encode } = codecs(topic)
  const subject = subjects(topic.name)
  const line = { publish: link.line(subject.publish), control: link.line(subject.control) }
  const serveTimeout = Duration.fromInputUnsafe(options.serveTimeout ?? defaultServeTimeout)
  const publisher = ++lastId
  const credits = Semaphore.makeUnsafe(topic.capacity)
  const inboxes = new Map<number, Inbox>()
  const counts = { published: 0, invalid: 0, dropped: 0 }
  const waits = topic.strategy === "suspend"
  let ended: TopicError | undefined

  const fail = (reason: TopicError["reason"]) => new TopicError({ topic: topic.name, reason })

  const say = (message: ToHub) => link.send(line.control, message)

  /** The first reason counts. Whoever waits for credits is woken and sees it. */
  const end = (reason: TopicError["reason"]) => {
    if (ended !== undefined) return
    const error = fail(reason)
    ended = error
    fork(credits.resize(Number.MAX_SAFE_INTEGER))
    for (const { queue, ready } of inboxes.values()) {
      Deferred.doneUnsafe(ready, Exit.fail(error))
      if (reason._tag === "IpcError") Queue.failCauseUnsafe(queue, Cause.fail(error))
      else Queue.endUnsafe(queue)
    }
  }

  /** Tells the hub how much was taken: once for everything of one synchronous run. */
  const owe = (inbox: Inbox) => {
    if (inbox.owed++ > 0) return
    queueMicrotask(() => {
      const { id, owed, unreported } = inbox
      inbox.owed = 0
      inbox.unreported = 0
      if (ended === undefined && inboxes.has(id)) {
        say(["credit", id, owed, unreported])
      }
    })
  }

  const arrive = (inbox: Inbox, encoded: unknown) => {
    const { queue } = inbox
    // Where subscribers wait there is always room, unless a hub does not keep to its credits.
    if (Queue.isFullUnsafe(queue)) {
      counts.dropped++
      inbox.dropped++
      inbox.unreported++
    }
    Queue.offerUnsafe(queue, encoded)
    if (!waits) owe(inbox)
  }

  const listen = (message: unknown) => {
    const said = readToMember(message)
    if (said === undefined) {
      counts.invalid++
      return
    }
    if (said[0] === "closed") return end(new TopicClosed())
    if (said[0] === "accepted") {
      if (said[1] === publisher) fork(credits.release(1))
      return
    }
    const inbox = inboxes.get(said[1])
    if (inbox === undefined) return
    if (said[0] === "subscribed") Deferred.doneUnsafe(inbox.ready, Exit.void)
    else arrive(inbox, said[2])
  }

  yield* Effect.acquireRelease(
    Effect.sync(() => [
      attend(channel, subject.deliver, listen),
      link.onceClosed((reason) => end(refusal(link, reason))),
    ]),
    (stops) =>
      Effect.sync(() => {
        for (const stop of stops) stop()
        for (const id of inboxes.keys()) if (ended === undefined) say(["unsubscribe", id])
        end(new TopicClosed())
      }),
  )

  const isOpen = Effect.suspend(() => (ended === undefined ? Effect.void : Effect.fail(ended)))

  const hasHub = Effect.suspend(() =>
    link.isServed(subject.control)
      ? isOpen
      : awaitServed(link, subject.control, {
          name: topic.name,
          serveTimeout: Duration.toMillis(serveTimeout),
        }).pipe(
          Effect.mapError((error) =>
            fail(error.reason._tag === "NotServed" ? new NoHub({ peer: link.peer }) : error),
          ),
          Effect.andThen(isOpen),
        ),
  )

  /** Hands one value to the channel; answers a wait for the outcome. */
  const hand = (encoded: unknown): Effect.Effect<void, TopicError> => {
    if (ended !== undefined) return Effect.fail(ended)
    const outcome = Deferred.makeUnsafe<void, TopicError>()
    link.send(line.publish, [publisher, encoded], undefined, {
      refused: (error) => {
        fork(credits.release(1))
        Deferred.doneUnsafe(outcome, Exit.fail(fail(refusal(link, error))))
      },
      sent: () => {
        counts.published++
        Deferred.doneUnsafe(outcome, link.writable ? Exit.void : writable(link))
      },
    })
    return Deferred.await(outcome)
  }

  const take = (inbox: Inbox): Effect.Effect<A, TopicError | Cause.Done> =>
    Effect.gen(function* () {
      for (;;) {
        const encoded = yield* Queue.take(inbox.queue)
        if (waits) owe(inbox)
        const decoded = yield* Effect.exit(decode(encoded))
        if (Exit.isSuccess(decoded)) return decoded.value
        counts.invalid++
        yield* warnRarely(counts.invalid, doesNotFit, decoded.cause, {
          topic: topic.name,
          peer: link.peer,
        })
      }
    })

  const makeInbox = Effect.map(
    Queue.make<unknown, TopicError | Cause.Done>(
      // A hub that closes sends all that it has left, without credits.
      waits
        ? { capacity: 2 * topic.capacity, strategy: "dropping" }
        : { capacity: topic.capacity, strategy: topic.strategy },
    ),
    (queue): Inbox => ({
      id: ++lastId,
      queue,
      ready: Deferred.makeUnsafe(),
      dropped: 0,
      owed: 0,
      unreported: 0,
    }),
  )

  const subscribe = Effect.gen(function* () {
    yield* hasHub
    const inbox = yield* Effect.acquireRelease(
      Effect.tap(makeInbox, (inbox) =>
        Effect.sync(() => {
          inboxes.set(inbox.id, inbox)
          say(["subscribe", inbox.id])
        }),
      ),
      ({ id, queue }) =>
        Effect.suspend(() => {
          inboxes.delete(id)
          if (ended === undefined) say(["unsubscribe", id])
          return Queue.shutdown(queue)
        }),
    )
    yield* Effect.timeoutOrElse(Deferred.await(inbox.ready), {
      duration: serveTimeout,
      orElse: () => Effect.fail(fail(new NoHub({ peer: link.peer }))),
    })
    return Stream.fromEffectRepeat(take(inbox))
  })

  return {
    publish: (value) =>
      Effect.gen(function* () {
        const encoded = yield* Effect.mapError(encode(value), (cause) =>
          fail(new InvalidValue({ cause })),
        )
        yield* hasHub
        // Between the credit and the value nothing may come: what is interrupted has been sent.
        yield* Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(restore(credits.take(1)), () => restore(hand(encoded))),
        )
      }),
    subscribe,
    stats: Effect.sync(() => ({
      ...counts,
      subscribers: Array.from(inboxes.values(), ({ dropped, queue }) => ({
        peer: link.peer,
        queued: Queue.sizeUnsafe(queue),
        dropped,
      })),
    })),
  }
})
