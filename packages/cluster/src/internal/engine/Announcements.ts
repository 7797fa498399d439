/**
 * What people are told, in order, to everybody who listens. Who is late loses the oldest and keeps the
 * newest, which tell how things stand now, and hears with the next one how many those were.
 */
import { Effect, PubSub, Stream } from "effect"

import type { News } from "../fleet/FleetModel.ts"

/** So many wait for who is late: a reload of more workers than any machine has is less. */
const mostWaiting = 1024

/** News, and how many before it were lost to this listener. */
export type Announced = News & { readonly missed: number }

interface Numbered {
  /** From 0, without gaps. */
  readonly number: number
  /** null is the end. */
  readonly news: News | null
}

export interface Announcements {
  /** Never waits. */
  readonly tell: (news: News) => Effect.Effect<void>
  /** Nothing will be told any more; those who listen, now or later, hear what waits and then the end. */
  readonly end: Effect.Effect<void>
  /** From now on. */
  readonly stream: Stream.Stream<Announced>
}

export const make: Effect.Effect<Announcements> = Effect.gen(function* () {
  const all = yield* PubSub.sliding<Numbered>(mostWaiting)
  let told = 0
  return {
    tell: (news) => Effect.suspend(() => PubSub.publish(all, { number: told++, news })),
    end: Effect.suspend(() => PubSub.end(all, { number: told, news: null })),
    stream: Stream.unwrap(
      Effect.map(PubSub.subscribe(all), (subscription) =>
        Stream.fromSubscription(subscription).pipe(
          Stream.mapAccum(
            () => told,
            (next, { news, number }) => {
              const missed = Math.max(0, number - next)
              return [number + 1, [news === null ? null : { ...news, missed }]]
            },
          ),
          Stream.takeWhile((announced) => announced !== null),
        ),
      ),
    ),
  }
})
