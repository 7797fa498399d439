/** The same tests over both kinds of thread entry. */
import { Condition } from "@manycore/testkit"
import { Pool, SharedCounter } from "@manycore/threads"
import { Effect } from "effect"

import { Laws } from "../fixtures/Laws.ts"

export const kinds = ["bare", "effect"] as const
export type Kind = (typeof kinds)[number]

const entryOf = (kind: Kind) => new URL(`../fixtures/laws.${kind}.ts`, import.meta.url)

export const makePool = (kind: Kind, options: Omit<Pool.Options, "entry"> = {}) =>
  Pool.make(Laws, { entry: entryOf(kind), size: 1, ...options })

/** Waits until a counter that tasks add to has reached a number. */
export const reached = (counter: SharedCounter.SharedCounter, n: number) =>
  Condition.until(`the counter is ${n}`, () => SharedCounter.get(counter) >= n, {
    deadline: "20 seconds",
    every: "1 millis",
    state: () => SharedCounter.get(counter),
  })

/** Waits until the pool's figures are so. */
export const until = (
  pool: { readonly stats: Effect.Effect<Pool.Stats> },
  what: string,
  holds: (stats: Pool.Stats) => boolean,
) =>
  Condition.until(what, () => Effect.map(pool.stats, holds), {
    deadline: "20 seconds",
    state: () => Effect.runSync(pool.stats),
  })
