/**
 * What the hub of a topic and its members say to each other. Numbers in it are ids that a member
 * chose (of a publisher or a subscription), counts, or both.
 *
 * Both directions are bounded by credits of the topic's own, so that a slow subscriber never fills
 * the window that its channel shares with calls: a publisher may have `capacity` values under way
 * that the hub has not accepted, the hub `capacity` values that a subscription has not taken.
 */
// oxlint-disable-next-line import/no-unassigned-import -- it switches compiled checks on
import "effect/schema/SchemaJITCompiler/enable"
import { Effect, Schema } from "effect"

import type { Topic } from "./topicModel.ts"

/** The subjects of a channel that a topic uses. A hub announces `control`. */
export const subjects = (topic: string) => ({
  /** From a member: publisher, encoded value. The hub keeps what it has not accepted. */
  publish: `topic:${topic}:publish`,
  /** From a member: `ToHub`. */
  control: `topic:${topic}:control`,
  /** From the hub: `ToMember`. */
  deliver: `topic:${topic}:deliver`,
})

export type ToHub =
  | readonly [kind: "subscribe", subscription: number]
  | readonly [kind: "unsubscribe", subscription: number]
  /** How much a subscription has taken, and what it lost, since it said so last. */
  | readonly [kind: "credit", subscription: number, taken: number, dropped: number]

export type ToMember =
  | readonly [kind: "subscribed", subscription: number]
  | readonly [kind: "value", subscription: number, encoded: unknown]
  | readonly [kind: "accepted", publisher: number]
  | readonly [kind: "closed"]

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

export const readPublication = (
  message: unknown,
): readonly [publisher: number, encoded: unknown] | undefined => {
  if (!Array.isArray(message)) return undefined
  const [publisher, encoded]: ReadonlyArray<unknown> = message
  return isCount(publisher) ? [publisher, encoded] : undefined
}

/** What is no message of ours is undefined. */
export const readToHub = (message: unknown): ToHub | undefined => {
  if (!Array.isArray(message)) return undefined
  const [kind, id, taken, dropped]: ReadonlyArray<unknown> = message
  if (!isCount(id)) return undefined
  if (kind === "subscribe" || kind === "unsubscribe") return [kind, id]
  if (kind !== "credit" || !isCount(taken) || !isCount(dropped)) return undefined
  return [kind, id, taken, dropped]
}

/** What is no message of ours is undefined. */
export const readToMember = (message: unknown): ToMember | undefined => {
  if (!Array.isArray(message)) return undefined
  const [kind, id, encoded]: ReadonlyArray<unknown> = message
  if (kind === "closed") return [kind]
  if (!isCount(id)) return undefined
  if (kind === "value") return [kind, id, encoded]
  return kind === "subscribed" || kind === "accepted" ? [kind, id] : undefined
}

/** How values of a topic travel: natively, and checked on both sides. */
export const codecs = <A>(topic: Topic<A>) => {
  const codec = Schema.toCodecIso(topic.schema)
  return {
    encode: Schema.encodeUnknownEffect(codec),
    decode: Schema.decodeUnknownEffect(codec),
  }
}

export const doesNotFit = "a value does not fit its topic, dropped"

/** Logs the first, second, fourth, eighth … of a kind: a peer that says nonsense floods no log. */
export const warnRarely = (
  count: number,
  what: string,
  cause: unknown,
  about: Readonly<Record<string, string>>,
): Effect.Effect<void> =>
  Number.isInteger(Math.log2(count))
    ? Effect.annotateLogs(Effect.logWarning(what, cause), { ...about, count })
    : Effect.void
