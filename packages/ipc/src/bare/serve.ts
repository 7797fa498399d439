import type { Schema } from "effect"
/**
 * Serve a contract without loading Effect: plain functions, sync or async, which get and answer the
 * `Iso` side of the contract's Schemas. The contract is imported as a type only; the caller checks
 * payloads before they leave and answers when they arrive.
 *
 * Only calls that travel flat: a contract with streams or middleware needs `Ipc.serve`.
 *
 * It ends with its link: signals of the calls in flight are aborted, and nothing of it keeps the
 * process or thread alive.
 *
 * @since 0.1.0
 */
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as RpcSchema from "effect/rpc/RpcSchema"

import { parentProcessWire } from "../internal/wires.ts"
import { answerLine, answerParts, type Call, callLine, dieExit, failExit } from "./flat.ts"
import { flatIntake } from "./flatIntake.ts"
import { Link, type LinkOptions } from "./Link.ts"
import { parentThreadWire } from "./portWire.ts"
import { TooLarge } from "./Wire.ts"

type IsoOf<S> = S extends Schema.Top ? S["Iso"] : never

type FlatRpc<R> =
  R extends Rpc.Rpc<infer _Tag, infer _Payload, infer Success, infer _Error, infer _Middleware>
    ? Success extends RpcSchema.Stream<infer _A, infer _E>
      ? never
      : R
    : never

type HandlerOf<R> =
  R extends Rpc.Rpc<infer _Tag, infer Payload, infer Success, infer _Error, infer _Middleware>
    ? (payload: IsoOf<Payload>, context: Context) => IsoOf<Success> | PromiseLike<IsoOf<Success>>
    : never

/** What a handler gets besides its payload. */
export interface Context {
  /** Aborted when the caller no longer wants the answer, or has gone. */
  readonly signal: AbortSignal
}

/** One function for each rpc of the contract. */
export type Handlers<Group> = {
  readonly [R in FlatRpc<RpcGroup.Rpcs<Group>> as R["_tag"]]: HandlerOf<R>
}

/**
 * Throw this to fail a call with an error of the contract, given as the `Iso` side of its Schema.
 * Anything else that is thrown is a defect.
 */
export class Failure {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

export interface ServeOptions extends LinkOptions {
  /** Both sides use the same name. Default `rpc`. */
  readonly name?: string
}

type AnyHandler = (payload: unknown, context: Context) => unknown

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"

/** Answer the calls that arrive on a link. Answers how to stop. */
export const serveOn = <Group>(
  link: Link,
  handlers: Handlers<Group>,
  name = "rpc",
): (() => void) => {
  const line = link.line(answerLine(name))
  const running = new Map<number, AbortController>()
  const known = new Map<string, AnyHandler>(Object.entries(handlers))

  const say = (id: number, content: unknown, kind?: 1 | 2) => {
    link.sendParts(line, answerParts(id, content, kind), undefined, {
      refused: (error) => {
        if (link.closed !== undefined) return
        const why = error instanceof Error ? error.message : String(error)
        // A handler need not know the limit of its link; a function in an answer is its bug.
        if (error instanceof TooLarge) link.send(line, [id, why, 2])
        else link.send(line, [id, dieExit(new Error(why)), 1])
      },
    })
  }

  const fail = (id: number, error: unknown) =>
    say(id, error instanceof Failure ? failExit(error.error) : dieExit(error), 1)

  /** Remember the call while it runs; a caller that has gone gets no answer. */
  const later = (id: number, controller: AbortController, result: PromiseLike<unknown>) => {
    running.set(id, controller)
    const settle = (answer: () => void) => {
      if (running.delete(id)) answer()
    }
    result.then(
      (value) => settle(() => say(id, value)),
      (error: unknown) => settle(() => fail(id, error)),
    )
  }

  const run = ({ id, payload, tag }: Call) => {
    const handler = known.get(tag)
    if (handler === undefined) return say(id, `nobody serves ${tag}`, 2)
    if (running.has(id)) return say(id, "its id is in use", 2)
    const controller = new AbortController()
    try {
      const result = handler(payload, { signal: controller.signal })
      if (isThenable(result)) later(id, controller, result)
      else say(id, result)
    } catch (error) {
      fail(id, error)
    }
  }

  const abortAll = () => {
    const controllers = [...running.values()]
    running.clear()
    for (const controller of controllers) controller.abort()
  }

  const intake = flatIntake(link, run, (id) => {
    const controller = running.get(id)
    running.delete(id)
    controller?.abort()
  })
  const stopListening = link.listen(callLine(name), intake.hear)
  const forget = link.onceClosed(abortAll)
  link.serve(callLine(name))
  return () => {
    stopListening()
    forget()
    intake.stop()
    abortAll()
  }
}

/** The link to whoever started this thread or process. Throws where nobody did. */
export const parent = (options?: LinkOptions): Link => {
  const wire = parentThreadWire() ?? parentProcessWire(options?.maxMessageBytes)
  if (wire === undefined) {
    throw new Error("nobody to talk to: start this file with ProcessChannel.fork or as a thread")
  }
  return new Link(wire, options)
}

/**
 * The whole of a bare entry file: serve a contract to whoever started this process or thread.
 *
 * ```ts
 * import { serve } from "@manycore/ipc/bare"
 * import type { Sums } from "./Sums.ts"
 *
 * serve<typeof Sums>({ Sum: ({ numbers }) => numbers.reduce((a, b) => a + b, 0) })
 * ```
 */
export const serve = <Group>(handlers: Handlers<Group>, options: ServeOptions = {}): Link => {
  const link = parent(options)
  serveOn<Group>(link, handlers, options.name)
  return link
}
