/**
 * Passing a `net.Socket` or a `net.Server` between a parent process and its child, together with a
 * typed message, over Node's own IPC channel; the channel may be of either serialization.
 *
 * A handle arrives, or it stays with the sender, or it is closed: it never leaks and never works on
 * both sides. The sender keeps its own, unread, until the receiver took the handle, and closes it
 * then. If `send` fails, for whatever reason, the handle is the sender's as it was before: a socket
 * is open and paused, and can be passed to somebody else or resumed.
 *
 * - **Pause before you pass.** Bytes that this process has read would be lost, so a socket is only
 *   passed while nothing reads from it; else `send` fails with `NotPaused`. Make it so from its first
 *   moment: `net.createServer({ pauseOnConnect: true })`, or `pause()` right after `net.connect()`.
 *   A later `pause()` does not stop Node from reading ahead.
 * - **One at a time.** A channel carries one handle that was not taken yet, because Node queues
 *   everything behind it; other sends on the same channel wait.
 * - **The receiver owns what it received**, until the Scope of `receive` closes: what is still open
 *   then is destroyed. Nothing is read from a received socket before the program had a turn with it,
 *   so it can be passed on after `pause()`. A received server accepts from its first `connection`
 *   listener on, or when it is given to another: `http.createServer(app).listen(server)`.
 *
 * Both sides use this module; nothing is passed to a process that did not say that it receives. It
 * starts nothing. TCP, and unix sockets but not unix servers; Linux and macOS.
 *
 * @since 0.1.0
 */
import type { ChildProcess } from "node:child_process"
import * as Net from "node:net"
import { deserialize, serialize } from "node:v8"

import { Cause, Duration, Effect, Exit, Schema, Stream } from "effect"

import type * as Plain from "./bare/CloseReason.ts"
import { HandleHub, type Outcome } from "./internal/handleHub.ts"
import {
  type Handle,
  HandleError,
  HandleReturned,
  type Handles,
  InvalidMessage,
  type Options,
  PeerGone,
  type Reason,
  type Received,
  Refused,
  Unsupported,
} from "./internal/handleModel.ts"
import type { HandleEnd, Said } from "./internal/handleProtocol.ts"
import { fit, isReason, kindOf, underWay } from "./internal/rawHandle.ts"
import { close, type Owned, ownedHandles, receive } from "./internal/receivedHandle.ts"
import { NoParent, PeerDisconnected, PeerExited } from "./IpcError.ts"

export {
  HandleError,
  HandleReturned,
  InvalidMessage,
  NotOpen,
  NotPaused,
  PeerGone,
  Refused,
  Unsupported,
} from "./internal/handleModel.ts"
export type { Handle, Handles, Options, Received } from "./internal/handleModel.ts"

const hubs = new WeakMap<HandleEnd, HandleHub>()

const hubOf = (end: HandleEnd, peer: string): HandleHub => {
  let hub = hubs.get(end)
  if (hub === undefined) {
    hub = new HandleHub(end, peer)
    hubs.set(end, hub)
  }
  return hub
}

const toReason = (reason: Plain.CloseReason) =>
  reason._tag === "PeerExited"
    ? new PeerExited({ exitCode: reason.exitCode, signal: reason.signal })
    : new PeerDisconnected()

const failureOf = (outcome: Exclude<Outcome, { readonly _tag: "Accepted" }>): Reason => {
  switch (outcome._tag) {
    case "Refused": {
      return new Refused({ why: outcome.why, detail: outcome.detail })
    }
    case "Gone": {
      const reason = toReason(outcome.reason)
      return outcome.left ? new HandleReturned({ reason }) : new PeerGone({ reason })
    }
    case "Unsendable": {
      return new Unsupported({ detail: outcome.detail })
    }
  }
}

const make = <S extends Schema.Constraint>(
  end: HandleEnd | undefined,
  peer: string,
  schema: S,
  options: Options,
): Handles<S["Type"]> => {
  type A = S["Type"]
  const name = options.name ?? "handle"
  const timeout = Duration.fromInputUnsafe(options.timeout ?? Duration.seconds(5))
  const codec = Schema.toCodecIso(schema)
  const encode = Schema.encodeUnknownExit(codec)
  const decode = Schema.decodeUnknownExit(codec)
  const fail = (reason: Reason) => Effect.fail(new HandleError({ peer, reason }))
  const orphan = Effect.suspend(() => fail(new PeerGone({ reason: new NoParent() })))

  const body = (message: A) =>
    Effect.suspend(() => {
      const encoded = encode(message)
      if (Exit.isFailure(encoded)) {
        return fail(new InvalidMessage({ cause: Cause.squash(encoded.cause) }))
      }
      try {
        return Effect.succeed(serialize(encoded.value).toString("base64"))
      } catch (cause) {
        return fail(new InvalidMessage({ cause }))
      }
    })

  /** Throws what is wrong with it. */
  const message = (said: Said): A => {
    const decoded = decode(deserialize(Buffer.from(said.body, "base64")))
    if (Exit.isFailure(decoded)) throw Cause.squash(decoded.cause)
    return decoded.value
  }

  const ready = (hub: HandleHub) =>
    Effect.callback<void, HandleError>((resume) => {
      const forget = hub.whenReady(
        () => resume(Effect.void),
        (reason) => resume(fail(new PeerGone({ reason: toReason(reason) }))),
      )
      return Effect.sync(forget)
    }).pipe(
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () => {
          const detail = `it did not begin to receive within ${Duration.format(timeout)}`
          return fail(new Refused({ why: "NotListening", detail }))
        },
      }),
    )

  /** From here on it is not interrupted: the outcome is always the hub's. */
  const pass = (hub: HandleHub, body: string, handle: Handle) =>
    Effect.suspend(() => {
      let withdraw: (() => void) | undefined
      const outcome = Effect.callback<void, HandleError>((resume) => {
        const raw = fit(handle)
        if (isReason(raw)) return resume(fail(raw))
        const halfOpen = handle instanceof Net.Socket && handle.allowHalfOpen
        underWay.add(handle)
        withdraw = hub.offer(
          { name, kind: kindOf(handle), halfOpen, body },
          raw,
          () => close(handle),
          (outcome) => {
            underWay.delete(handle)
            resume(outcome._tag === "Accepted" ? Effect.void : fail(failureOf(outcome)))
          },
        )
      })
      const deadline = Effect.sleep(timeout).pipe(
        Effect.andThen(Effect.sync(() => withdraw?.())),
        Effect.andThen(Effect.never),
      )
      return Effect.uninterruptible(
        Effect.raceFirst(Effect.interruptible(outcome), Effect.interruptible(deadline)),
      )
    })

  const send = Effect.fn("Handle.send")(function* (message: A, handle: Handle) {
    if (end === undefined) return yield* orphan
    const unfit = fit(handle)
    if (isReason(unfit)) return yield* fail(unfit)
    const encoded = yield* body(message)
    const hub = hubOf(end, peer)
    yield* hub.turn.withPermit(Effect.andThen(ready(hub), pass(hub, encoded, handle)))
  })

  const take = (hub: HandleHub, owned: Owned) =>
    Effect.callback<Received<A>, HandleError>((resume) => {
      let taken: A
      const stop = hub.take(name, {
        inspect: (said) => {
          try {
            taken = message(said)
            return undefined
          } catch (cause) {
            return cause instanceof Error ? cause.message : String(cause)
          }
        },
        give: (said, raw) => {
          const handle = receive(said, raw, owned)
          resume(Effect.succeed({ message: taken, handle }))
        },
        gone: (reason) => resume(fail(new PeerGone({ reason: toReason(reason) }))),
      })
      return Effect.sync(stop)
    })

  const received = Stream.fromEffectRepeat(
    Effect.gen(function* () {
      if (end === undefined) return yield* orphan
      if (process.platform !== "linux" && process.platform !== "darwin") {
        const detail = `handles are not passed on ${process.platform}`
        return yield* fail(new Unsupported({ detail }))
      }
      const owned = yield* ownedHandles(yield* Effect.scope)
      return yield* take(hubOf(end, peer), owned)
    }),
  )

  return { peer, send, receive: received }
}

/**
 * To and from a child: of `child_process.fork`, or `worker.process` of a `node:cluster` worker.
 *
 * @category constructors
 * @since 0.1.0
 */
export const to = <S extends Schema.Constraint>(
  child: ChildProcess,
  schema: S,
  options: Options = {},
): Handles<S["Type"]> => make(child, `process ${child.pid ?? "(not started)"}`, schema, options)

/**
 * To and from the process that started this one. Where nobody did, with an IPC channel, everything
 * fails with `PeerGone`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromParent = <S extends Schema.Constraint>(
  schema: S,
  options: Options = {},
): Handles<S["Type"]> =>
  make(
    process.send === undefined ? undefined : process,
    `parent process ${process.ppid}`,
    schema,
    options,
  )
