/**
 * Messages under our subjects that are none of ours: the peer runs something else, or is hostile. They are
 * counted (`LinkStats.ignored`); the first one is told, and at the end how many came: a flood of junk must
 * not become a flood of logs.
 */
import { inspect } from "node:util"

import { Effect, type Scope } from "effect"

import type { Channel } from "../Channel.ts"

/** How it is told: its beginning only, for it may be of any size. */
const beginning = (message: unknown): string =>
  inspect(message, { depth: 1, maxArrayLength: 5, maxStringLength: 100, getters: false }).slice(
    0,
    300,
  )

/** What to do with one. When the Scope closes, it says how many there were. */
export const junkOf = ({
  link,
  peer,
}: Channel): Effect.Effect<(message: unknown) => Effect.Effect<void>, never, Scope.Scope> => {
  let count = 0
  const tellAll = Effect.suspend(() =>
    count > 1
      ? Effect.logWarning(`ignored ${count} messages from ${peer} that are not rpc`)
      : Effect.void,
  )
  return Effect.as(
    Effect.addFinalizer(() => tellAll),
    (message: unknown) => {
      link.ignore()
      return ++count === 1
        ? Effect.logWarning(
            `ignored a message from ${peer} that is not rpc, further ones are only counted`,
            beginning(message),
          )
        : Effect.void
    },
  )
}
