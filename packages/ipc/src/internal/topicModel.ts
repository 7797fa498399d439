/** The values, services and errors of `Topic`, which exports them. */
import { type Duration, type Effect, Schema, type Scope, type Stream } from "effect"

import type { Channel } from "../Channel.ts"
import { IpcError } from "../IpcError.ts"

/**
 * What becomes of a subscriber that has no room: wait for it, let it lose its oldest values, or the
 * newest.
 *
 * @category models
 * @since 0.1.0
 */
export type Strategy = "suspend" | "sliding" | "dropping"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Whether a subscriber begins with the last value that was published before. Default false. */
  readonly replay?: boolean
  /** Default `suspend`. */
  readonly strategy?: Strategy
  /** How many values wait for one subscriber at the hub, and again in its process. Default 64. */
  readonly capacity?: number
}

/**
 * The definition of a topic: data, the same on both sides.
 *
 * @category models
 * @since 0.1.0
 */
export interface Topic<in out A> {
  readonly name: string
  readonly schema: Schema.Schema<A>
  readonly replay: boolean
  readonly strategy: Strategy
  readonly capacity: number
}

/**
 * The value does not fit the topic's Schema. It was not published.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidValue extends Schema.TaggedError<InvalidValue>()("InvalidValue", {
  cause: Schema.Defect(),
}) {
  override get message(): string {
    return `refused a value: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}

/**
 * The peer has not attached this channel to a hub of the topic within the deadline.
 *
 * @category errors
 * @since 0.1.0
 */
export class NoHub extends Schema.TaggedError<NoHub>()("NoHub", { peer: Schema.String }) {
  override get message(): string {
    return `has no hub at ${this.peer}: make one there with Topic.hub, and attach this channel`
  }
}

/**
 * The topic was closed: by the hub, by the end of its membership, or here by the end of the Scope.
 *
 * @category errors
 * @since 0.1.0
 */
export class TopicClosed extends Schema.TaggedError<TopicClosed>()("TopicClosed", {}) {
  override get message(): string {
    return "is closed"
  }
}

/**
 * The failure of everything in this module. With the reason `IpcError` the channel has ended, or
 * could not carry the value (`NotSerializable`, `MessageTooLarge`).
 *
 * @category errors
 * @since 0.1.0
 */
export class TopicError extends Schema.TaggedError<TopicError>()("TopicError", {
  topic: Schema.String,
  reason: Schema.Union([InvalidValue, NoHub, TopicClosed, IpcError]),
}) {
  override get message(): string {
    const { reason, topic } = this
    return `topic ${JSON.stringify(topic)}${reason._tag === "IpcError" ? ":" : ""} ${reason.message}`
  }
}

/**
 * One subscriber as its side sees it: whom it belongs to or gets its values from, how many values
 * wait here, how many it has lost here.
 *
 * @category models
 * @since 0.1.0
 */
export interface SubscriberStats {
  readonly peer: string
  readonly queued: number
  readonly dropped: number
}

/**
 * @category models
 * @since 0.1.0
 */
export interface HubStats {
  /** Attached channels that live. */
  readonly members: number
  /** Values accepted from anybody. */
  readonly published: number
  /** Messages of members that were dropped because they do not fit. */
  readonly invalid: number
  /** Values that slow subscribers of the whole family have lost, at the hub and at the members. */
  readonly dropped: number
  /** Values that could not be sent to a member: not copyable, or too large. */
  readonly undeliverable: number
  /** Every subscription of the family, with what it lost at the hub. The hub's own are `hub`. */
  readonly subscribers: ReadonlyArray<SubscriberStats>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface MemberStats {
  /** Values handed to the channel. */
  readonly published: number
  /** What arrived and was dropped because it does not fit. */
  readonly invalid: number
  /** Values that slow subscribers of this member have lost here. */
  readonly dropped: number
  readonly subscribers: ReadonlyArray<SubscriberStats>
}

/**
 * The middle of a topic.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hub<in out A> {
  /**
   * Give a value to all subscribers. With `suspend` it succeeds when the last one has room, so who
   * subscribes and publishes in one fiber can wait for itself. An interrupted one may have reached
   * some. Fails with `InvalidValue` or `TopicClosed`.
   */
  readonly publish: (value: A) => Effect.Effect<void, TopicError>

  /** Gets what is published once the Effect has succeeded. The stream ends with the hub. */
  readonly subscribe: Effect.Effect<Stream.Stream<A>, never, Scope.Scope>

  /**
   * Make the peer of a channel a member, until the Scope closes or the channel ends. One channel
   * may be attached to hubs of several topics, once to each.
   */
  readonly attach: (channel: Channel) => Effect.Effect<void, never, Scope.Scope>

  readonly stats: Effect.Effect<HubStats>
}

/**
 * One of those around the hub.
 *
 * @category models
 * @since 0.1.0
 */
export interface Member<in out A> {
  /**
   * Succeeds when the value is on its way to the hub; waits while `capacity` values of this member
   * have not been accepted there. An interrupted one may have been published.
   */
  readonly publish: (value: A) => Effect.Effect<void, TopicError>

  /**
   * Gets what the hub accepts once the Effect has succeeded. The stream ends when the hub closes
   * the topic, and fails when the channel ends; both after what had arrived was taken.
   */
  readonly subscribe: Effect.Effect<Stream.Stream<A, TopicError>, TopicError, Scope.Scope>

  readonly stats: Effect.Effect<MemberStats>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface MemberOptions {
  /** How long to wait until the peer has a hub, then `NoHub`. Default 10 seconds. */
  readonly serveTimeout?: Duration.Input
}
