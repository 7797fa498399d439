/** `wait` as an Effect: interruption cancels it, and then nothing is taken any more. */
import { Duration, Effect } from "effect"

import { SharedMemoryError } from "../../shared/SharedMemoryError.ts"
import { start, type Waiting } from "./wait.ts"

/** How long to wait, for the Effect faces. */
export interface TimeoutOptions {
  /** Default 30 seconds; `Duration.infinity` waits for ever. */
  readonly timeout?: Duration.Input
}

export const millisOf = ({ timeout }: TimeoutOptions): number | undefined =>
  timeout === undefined ? undefined : Duration.toMillis(timeout)

const failWith = (error: unknown): Effect.Effect<never, SharedMemoryError> =>
  error instanceof SharedMemoryError ? Effect.fail(error) : Effect.die(error)

/** What throws `SharedMemoryError`, as an Effect. */
export const attempt = <A>(run: () => A): Effect.Effect<A, SharedMemoryError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (error) {
      return failWith(error)
    }
  })

/**
 * @param onValue called in the same turn as the attempt that succeeded, whatever becomes of the fiber
 */
export const waitEffect = <A>(
  waiting: Waiting<A>,
  onValue?: (value: A) => void,
): Effect.Effect<A, SharedMemoryError> =>
  Effect.callback((resume) => {
    const cancel = start(waiting, {
      value: (value) => {
        onValue?.(value)
        resume(Effect.succeed(value))
      },
      error: (error) => resume(failWith(error)),
    })
    return Effect.sync(cancel)
  })

/** Run an effect with what `wait` takes, and give that back however it ends. */
export const bracket = <T, A, E, R>(
  makeWaiting: () => Waiting<T>,
  giveBack: (taken: T) => void,
  use: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | SharedMemoryError, R> =>
  Effect.suspend(() => {
    // Known before the fiber goes on, so an interruption in between loses nothing.
    let taken: { readonly value: T } | undefined
    return Effect.flatMap(attempt(makeWaiting), (waiting) =>
      waitEffect(waiting, (value) => {
        taken = { value }
      }),
    ).pipe(
      Effect.andThen(use),
      Effect.ensuring(
        Effect.sync(() => {
          if (taken !== undefined) giveBack(taken.value)
        }),
      ),
    )
  })
