/**
 * Typed publish and subscribe across a family: one hub (the primary, the main thread) and its members
 * (worker processes, threads), each behind a Channel.
 *
 * A topic is data that both sides import. Everything goes through the hub, which gives it one order:
 * - What anybody publishes reaches every subscriber of the family that was there: those of other
 *   members, of the hub, and of the publisher itself (it hears its own voice, in the same order as
 *   everybody else). All see the same order, so that of each publisher is kept.
 * - Values are checked against the Schema where they are published, at the hub, and where they arrive.
 *   They travel natively (`Schema.toCodecIso`): a Date stays a Date.
 * - Treat a value as immutable once it is published: the hub's own subscribers get the very same one.
 *
 * **A slow subscriber** has a queue of its own, of `capacity` values, at the hub, and as much again in
 * its own process. What happens when they are full:
 * - `suspend`: nothing is lost; `publish` suspends, for everybody, until the slowest has room. Others
 *   get what was published so far without waiting.
 * - `sliding`: it loses the oldest values, `dropping`: the newest. It is counted. No publisher and no
 *   other subscriber notices.
 *
 * The window of the channel is not used up by that: calls on the same channel go on. A slow hub is
 * different: what its members publish, `capacity` values of each, waits in the window.
 *
 * A member that dies leaves the family; nobody else notices. What it had published before is
 * delivered.
 *
 * Starts one fiber for each attached channel and one for each subscription of a member, in the Scope
 * of `attach`. When the hub's Scope closes, what was accepted is sent, and the streams of all
 * subscribers end.
 *
 * @since 0.1.0
 */
import type { Effect, Schema, Scope } from "effect"

import type { Channel } from "./Channel.ts"
import * as internalHub from "./internal/topicHub.ts"
import * as internalMember from "./internal/topicMember.ts"
import type { Hub, Member, MemberOptions, Options, Topic } from "./internal/topicModel.ts"

export { InvalidValue, NoHub, TopicClosed, TopicError } from "./internal/topicModel.ts"
export type {
  Hub,
  HubStats,
  Member,
  MemberOptions,
  MemberStats,
  Options,
  Strategy,
  SubscriberStats,
  Topic,
} from "./internal/topicModel.ts"

/**
 * Define a topic. Its name tells it from the other topics of the same channels.
 *
 * Throws a `RangeError` when `capacity` is not a whole number of 1 or more.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A>(
  name: string,
  schema: Schema.Schema<A>,
  options: Options = {},
): Topic<A> => {
  const { capacity = 64, replay = false, strategy = "suspend" } = options
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw new RangeError(`the capacity of topic ${name} is ${capacity}, not 1 or more`)
  }
  return { name, schema, replay, strategy, capacity }
}

/**
 * Open a topic in the middle of a family. It ends with the Scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const hub: <A>(topic: Topic<A>) => Effect.Effect<Hub<A>, never, Scope.Scope> =
  internalHub.hub

/**
 * Take part in a topic whose hub is at the other end of the channel.
 *
 * @category constructors
 * @since 0.1.0
 */
export const member: <A>(
  topic: Topic<A>,
  channel: Channel,
  options?: MemberOptions,
) => Effect.Effect<Member<A>, never, Scope.Scope> = internalMember.member
