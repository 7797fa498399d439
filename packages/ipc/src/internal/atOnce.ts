/**
 * Runs what a message asks for in the very turn in which it arrives: a queue and a fiber that waits on
 * it would cost each message a turn of the loop, and that is what bounds a stream whose chunks are
 * acknowledged. What does not end at once is interrupted with the Scope.
 */
import { Effect, Fiber, type Scope } from "effect"

import { Fifo } from "../bare/Fifo.ts"

type Run = (effect: Effect.Effect<unknown>) => Fiber.Fiber<unknown>

/** Each in a fiber of its own. */
export const atOnce: Effect.Effect<Run, never, Scope.Scope> = Effect.gen(function* () {
  const run = Effect.runForkWith(yield* Effect.context())
  const running = new Set<Fiber.Fiber<unknown>>()
  yield* Effect.addFinalizer(() => Fiber.interruptAll(running))
  return (effect) => {
    const fiber = run(effect)
    if (fiber.pollUnsafe() === undefined) {
      running.add(fiber)
      fiber.addObserver(() => running.delete(fiber))
    }
    return fiber
  }
})

/** One after the other: at once while none of the earlier ones still runs. */
export const atOnceInTurn: Effect.Effect<
  (effect: Effect.Effect<unknown>) => void,
  never,
  Scope.Scope
> = Effect.map(atOnce, (run) => {
  const waiting = new Fifo<Effect.Effect<unknown>>()
  let isBusy = false
  /** True when it has ended already. */
  const start = (effect: Effect.Effect<unknown>): boolean => {
    isBusy = true
    const fiber = run(effect)
    isBusy = fiber.pollUnsafe() === undefined
    if (isBusy) fiber.addObserver(next)
    return !isBusy
  }
  const next = () => {
    isBusy = false
    for (let effect = waiting.shift(); effect !== undefined; effect = waiting.shift()) {
      if (!start(effect)) return
    }
  }
  return (effect) => {
    waiting.push(effect)
    if (!isBusy) next()
  }
})
