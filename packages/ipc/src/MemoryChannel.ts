/**
 * Two channels that end in each other, in one thread: for tests, and for a service that is called
 * in place. Values are copied as between threads.
 *
 * @since 0.1.0
 */
import { Effect, type Scope } from "effect"

import { Link } from "./bare/Link.ts"
import { memoryWires } from "./bare/memoryWire.ts"
import type { Channel, Options } from "./Channel.ts"
import { fromLink } from "./internal/fromLink.ts"

/**
 * A pair of channels; either ends when the Scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options?: Options,
): Effect.Effect<readonly [Channel, Channel], never, Scope.Scope> =>
  Effect.suspend(() => {
    const [one, two] = memoryWires()
    return Effect.all([
      fromLink(Effect.sync(() => new Link(one, options))),
      fromLink(Effect.sync(() => new Link(two, options))),
    ])
  })
