/**
 * The hub's side of a topic: one queue for each subscriber of the family, and one fiber for each
 * subscription of a member that moves values from its queue to the channel, as far as its credits
 * reach.
 *
 * A queue for each, not one PubSub: a PubSub that drops does so for all when the slowest is full, and
 * tells nobody how much.
 *
 * How it stops:
 * 1. The end of a channel ends its subscriptions at once; what it had published is still accepted.
 * 2. The Scope of `attach` ends the membership; the member is told.
 * 3. The Scope of the hub ends all memberships.
 * In both of these what waits for the member is handed to its channel first.
 */
import { type Cause, Effect, Exit, FiberMap, Queue, Scope, Semaphore, Stream } from "effect"

import type { Channel } from "../Channel.ts"
import { attend } from "./attend.ts"
import { writable } from "./fromLink.ts"
import { type Hub, InvalidValue, type Topic, TopicClosed, TopicError } from "./topicModel.ts"
import {
  codecs,
  doesNotFit,
  readPublication,
  readToHub,
  subjects,
  type ToMember,
  warnRarely,
} from "./topicProtocol.ts"

interface Item<A> {
  readonly value: A
  readonly encoded: unknown
}

interface Subscriber<A> {
  readonly peer: string
  readonly queue: Queue.Queue<Item<A>, Cause.Done>
  dropped: number
}

/** Everybody who gets what is published, and the counts. */
class Family<A> {
  readonly subscribers = new Set<Subscriber<A>>()
  readonly members = new Set<Scope.Closeable>()
  readonly counts = { published: 0, invalid: 0, dropped: 0, undeliverable: 0 }
  isClosed = false
  private readonly topic: Topic<A>
  private last: Item<A> | undefined

  constructor(topic: Topic<A>) {
    this.topic = topic
  }

  lost(subscriber: Subscriber<A>, count: number): void {
    subscriber.dropped += count
    this.counts.dropped += count
  }

  join(peer: string): Effect.Effect<Subscriber<A>> {
    const { capacity, strategy } = this.topic
    return Effect.map(Queue.make<Item<A>, Cause.Done>({ capacity, strategy }), (queue) => {
      const subscriber: Subscriber<A> = { peer, queue, dropped: 0 }
      this.subscribers.add(subscriber)
      if (this.last !== undefined) Queue.offerUnsafe(queue, this.last)
      return subscriber
    })
  }

  leave(subscriber: Subscriber<A>): Effect.Effect<unknown> {
    this.subscribers.delete(subscriber)
    return Queue.shutdown(subscriber.queue)
  }

  /**
   * Offers to all in one synchronous run, so that all see the same order; then waits for those who
   * have no room, when that is the strategy.
   */
  deliver(item: Item<A>): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.isClosed) return Effect.void
      this.counts.published++
      if (this.topic.replay) this.last = item
      const full: Array<Queue.Queue<Item<A>, Cause.Done>> = []
      const waits = this.topic.strategy === "suspend"
      for (const subscriber of this.subscribers) {
        const { queue } = subscriber
        if (!waits && Queue.isFullUnsafe(queue)) this.lost(subscriber, 1)
        if (!Queue.offerUnsafe(queue, item) && waits) full.push(queue)
      }
      if (full.length === 0) return Effect.void
      return Effect.forEach(full, (queue) => Queue.offer(queue, item), {
        concurrency: "unbounded",
        discard: true,
      })
    })
  }
}

export const hub = Effect.fnUntraced(function* <A>(
  topic: Topic<A>,
): Effect.fn.Return<Hub<A>, never, Scope.Scope> {
  const services = yield* Effect.context()
  const family = new Family(topic)
  const { counts, members, subscribers } = family
  const { decode, encode } = codecs(topic)
  const subject = subjects(topic.name)

  const warn = (count: number, what: string, peer: string, cause: unknown) =>
    warnRarely(count, what, cause, { topic: topic.name, peer })

  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      family.isClosed = true
      for (const { queue } of subscribers) Queue.endUnsafe(queue)
      return Effect.forEach(Array.from(members), (scope) => Scope.close(scope, Exit.void), {
        concurrency: "unbounded",
        discard: true,
      })
    }),
  )

  /** Moves what one subscription of a member gets to its channel. */
  const pump = (
    channel: Channel,
    id: number,
    credits: Semaphore.Semaphore,
    isWanted: () => boolean,
  ) =>
    Effect.gen(function* () {
      const { link, peer } = channel
      const line = link.line(subject.deliver)
      const subscriber = yield* family.join(peer)
      const { queue } = subscriber

      const send = ({ encoded }: Item<A>) =>
        link.send(line, ["value", id, encoded] satisfies ToMember, undefined, {
          refused: (error) => {
            if (link.closed !== undefined) return
            counts.undeliverable++
            const told = warn(counts.undeliverable, "a value could not be sent", peer, error)
            Effect.runForkWith(services)(Effect.andThen(credits.release(1), told))
          },
        })

      /** Takes and sends in one step, so that an interruption loses nothing. */
      const sendNext = () => {
        const next = Queue.takeUnsafe(queue)
        if (next !== undefined && Exit.isSuccess(next)) send(next.value)
      }

      link.send(line, ["subscribed", id] satisfies ToMember)
      const next = Effect.gen(function* () {
        yield* credits.take(1)
        yield* Queue.peek(queue)
        sendNext()
        if (!link.writable) yield* writable(link)
      })
      yield* Effect.forever(next, { disableYield: true }).pipe(
        Effect.onExit(() =>
          Effect.suspend(() => {
            if (isWanted()) for (let left = Queue.sizeUnsafe(queue); left > 0; left--) sendNext()
            return family.leave(subscriber)
          }),
        ),
        Effect.ignore,
      )
    })

  const accept = Effect.fnUntraced(function* (channel: Channel, message: unknown) {
    const publication = readPublication(message)
    if (publication === undefined) {
      counts.invalid++
      return yield* warn(counts.invalid, "no publication, dropped", channel.peer, message)
    }
    const [publisher, encoded] = publication
    const decoded = yield* Effect.exit(decode(encoded))
    if (Exit.isSuccess(decoded)) yield* family.deliver({ value: decoded.value, encoded })
    else {
      counts.invalid++
      yield* warn(counts.invalid, doesNotFit, channel.peer, decoded.cause)
    }
    const { link } = channel
    link.send(link.line(subject.deliver), ["accepted", publisher] satisfies ToMember)
  })

  const open = Effect.fnUntraced(function* (channel: Channel, scope: Scope.Closeable) {
    const { link } = channel
    const line = link.line(subject.deliver)
    members.add(scope)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        members.delete(scope)
        link.send(line, ["closed"] satisfies ToMember)
      }),
    )
    const pumps = yield* FiberMap.make<number>()
    const run = yield* FiberMap.runtime(pumps)()
    const credits = new Map<number, Semaphore.Semaphore>()
    const fork = Effect.runForkWith(services)

    const listen = (message: unknown) => {
      const said = readToHub(message)
      if (said === undefined) {
        counts.invalid++
        return
      }
      const id = said[1]
      if (said[0] === "subscribe") {
        if (credits.has(id)) return
        const granted = Semaphore.makeUnsafe(topic.capacity)
        credits.set(id, granted)
        run(
          id,
          pump(channel, id, granted, () => credits.has(id)),
        )
      } else if (said[0] === "unsubscribe") {
        credits.delete(id)
        fork(FiberMap.remove(pumps, id))
      } else {
        const granted = credits.get(id)
        if (granted === undefined) return
        counts.dropped += said[3]
        fork(granted.release(said[2]))
      }
    }
    const publications = yield* channel.subscribe(subject.publish)
    yield* Effect.acquireRelease(
      Effect.sync(() => [
        attend(channel, subject.control, listen),
        // Publications are kept until they are accepted; this one only drops those that come too late.
        attend(channel, subject.publish, () => {}),
        link.onceClosed(() => {
          credits.clear()
          fork(FiberMap.clear(pumps))
        }),
      ]),
      (stops) =>
        Effect.sync(() => {
          for (const stop of stops) stop()
        }),
    )
    yield* publications.take.pipe(
      Effect.flatMap((message) => accept(channel, message)),
      Effect.forever({ disableYield: true }),
      Effect.ignore,
      Effect.ensuring(Effect.sync(() => members.delete(scope))),
      Effect.forkScoped,
    )
    link.serve(subject.control)
  })

  return {
    publish: (value) =>
      Effect.gen(function* () {
        const encoded = yield* Effect.mapError(
          encode(value),
          (cause) => new TopicError({ topic: topic.name, reason: new InvalidValue({ cause }) }),
        )
        if (family.isClosed) {
          return yield* new TopicError({ topic: topic.name, reason: new TopicClosed() })
        }
        yield* family.deliver({ value, encoded })
      }),
    subscribe: Effect.map(
      Effect.acquireRelease(
        Effect.tap(family.join(self), ({ queue }) =>
          family.isClosed ? Queue.end(queue) : Effect.void,
        ),
        (subscriber) => family.leave(subscriber),
      ),
      ({ queue }) => Stream.fromEffectRepeat(Effect.map(Queue.take(queue), ({ value }) => value)),
    ),
    attach: (channel) =>
      Effect.gen(function* () {
        const scope = yield* Scope.fork(yield* Effect.scope)
        yield* Scope.provide(open(channel, scope), scope)
        if (family.isClosed) yield* Scope.close(scope, Exit.void)
      }),
    stats: Effect.sync(() => ({
      ...counts,
      members: members.size,
      subscribers: Array.from(subscribers, ({ dropped, peer, queue }) => ({
        peer,
        queued: Queue.sizeUnsafe(queue),
        dropped,
      })),
    })),
  }
})

/** How stats name the hub's own subscribers. */
const self = "hub"
