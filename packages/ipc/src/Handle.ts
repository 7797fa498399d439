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

import { Cause, Duration, Effect, Exit, Predicate, Schema, Scope, Stream } from "effect"

import type * as Plain from "./bare/CloseReason.ts"
import {
  canCarry,
  type HandleEnd,
  HandleHub,
  type Outcome,
  type RawHandle,
  type Said,
  typeOf,
} from "./internal/handleHub.ts"
import { CloseReason, NoParent, PeerDisconnected, PeerExited } from "./IpcError.ts"

/**
 * What can be passed.
 *
 * @category models
 * @since 0.1.0
 */
export type Handle = Net.Socket | Net.Server

/**
 * The receiver ended, or closed the channel, before it took the handle. The handle is the sender's
 * again.
 *
 * @category errors
 * @since 0.1.0
 */
export class HandleReturned extends Schema.TaggedError<HandleReturned>()("HandleReturned", {
  reason: CloseReason,
}) {
  override get message(): string {
    return `${this.reason.message} before it took the handle, which came back`
  }
}

/**
 * The receiver runs and did not take the handle: `NotListening`, it has not begun to receive at all
 * and was sent nothing; `NotTaken`, nobody asked for it before the deadline; `InvalidMessage`, the
 * message does not fit the receiver's Schema. The handle is the sender's again.
 *
 * @category errors
 * @since 0.1.0
 */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  why: Schema.Literals(["NotListening", "NotTaken", "InvalidMessage"]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `did not take the handle: ${this.detail}`
  }
}

/**
 * Something was read from the socket or is being read, or something written is not sent yet: it
 * would be lost on the way. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotPaused extends Schema.TaggedError<NotPaused>()("NotPaused", {
  detail: Schema.String,
}) {
  override get message(): string {
    return `cannot be passed this socket: ${this.detail} (pauseOnConnect)`
  }
}

/**
 * This side has no open handle to pass: it is closed, does not listen, is not connected yet, or is
 * under way already. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotOpen extends Schema.TaggedError<NotOpen>()("NotOpen", {
  detail: Schema.String,
}) {
  override get message(): string {
    return `cannot be passed this handle: ${this.detail}`
  }
}

/**
 * There is no peer, or there is none any more. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class PeerGone extends Schema.TaggedError<PeerGone>()("PeerGone", {
  reason: Schema.Union([...CloseReason.members, NoParent]),
}) {
  override get message(): string {
    return this.reason.message
  }
}

/**
 * Neither Linux nor macOS, or a handle that no process can get from another: TLS, a unix server, the
 * server of a `node:cluster` worker. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unsupported extends Schema.TaggedError<Unsupported>()("Unsupported", {
  detail: Schema.String,
}) {
  override get message(): string {
    return `cannot be passed this handle: ${this.detail}`
  }
}

/**
 * The message cannot be encoded with its Schema, or holds what cannot be copied. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidMessage extends Schema.TaggedError<InvalidMessage>()("InvalidMessage", {
  cause: Schema.Defect(),
}) {
  override get message(): string {
    return `cannot be sent this message: ${
      this.cause instanceof Error ? this.cause.message : String(this.cause)
    }`
  }
}

/**
 * The failure of everything in this module. `peer` names the other side. After a failed `send` the
 * handle belongs to the sender, whatever the reason.
 *
 * @category errors
 * @since 0.1.0
 */
export class HandleError extends Schema.TaggedError<HandleError>()("HandleError", {
  peer: Schema.String,
  reason: Schema.Union([
    HandleReturned,
    Refused,
    NotPaused,
    NotOpen,
    PeerGone,
    Unsupported,
    InvalidMessage,
  ]),
}) {
  override get message(): string {
    return `${this.peer} ${this.reason.message}`
  }
}

/** @since 0.1.0 */
type Reason = HandleError["reason"]

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Separates several kinds of handles on one channel. Both sides say the same. Default `"handle"`. */
  readonly name?: string
  /**
   * For `send`: how long the peer may take until it receives at all, and then again until somebody
   * takes this handle. Default 5 seconds.
   */
  readonly timeout?: Duration.Input
}

/**
 * A handle that arrived, with its message.
 *
 * @category models
 * @since 0.1.0
 */
export interface Received<A> {
  readonly message: A
  readonly handle: Handle
}

/**
 * Both directions between this process and one peer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Handles<A> {
  /** The other side, as errors name it. */
  readonly peer: string

  /**
   * Pass a handle. Succeeds when the receiver took it, and this side's is closed. Interrupted before
   * it left, nothing happened; after that it waits for the outcome, at most `timeout`.
   */
  readonly send: (message: A, handle: Handle) => Effect.Effect<void, HandleError>

  /**
   * The handles that the peer passes, each taken when it is pulled. What is not pulled before the
   * sender's deadline goes back to it; so does one whose message does not fit the Schema. Streams of
   * one name share what arrives. Fails with `PeerGone` when the peer goes. What it gave is destroyed,
   * if still open, when the Scope closes. A pull that is interrupted between taking a handle and
   * having it closes that handle.
   */
  readonly receive: Stream.Stream<Received<A>, HandleError, Scope.Scope>
}

const hubs = new WeakMap<HandleEnd, HandleHub>()

const hubOf = (end: HandleEnd, peer: string): HandleHub => {
  let hub = hubs.get(end)
  if (hub === undefined) {
    hub = new HandleHub(end, peer)
    hubs.set(end, hub)
  }
  return hub
}

/** On their way, on any channel. */
const underWay = new WeakSet<Handle>()

/** The handle below, which Node keeps private. */
const rawOf = (handle: Handle): RawHandle | undefined => {
  const raw: unknown = Predicate.hasProperty(handle, "_handle") ? handle._handle : undefined
  return Predicate.hasProperty(raw, "close") && typeof raw.close === "function"
    ? // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked just now
      (raw as unknown as RawHandle)
    : undefined
}

const kindOf = (handle: Handle) => (handle instanceof Net.Server ? "server" : "socket")

/** Why bytes would be lost. */
const unquiet = (socket: Net.Socket, raw: RawHandle): string | undefined => {
  if (socket.readableFlowing === true) return "it is flowing"
  if (socket.readableLength > 0) return `${socket.readableLength} bytes were read from it already`
  if (raw.reading === true) return "this process reads from it"
  if (socket.writableLength > 0) return `${socket.writableLength} bytes wait to be written`
  return undefined
}

/** The raw handle, if it can leave now. */
const fit = (handle: Handle): RawHandle | Reason => {
  if (process.platform !== "linux" && process.platform !== "darwin") {
    return new Unsupported({ detail: `handles are not passed on ${process.platform}` })
  }
  if (underWay.has(handle)) return new NotOpen({ detail: "it is under way already" })
  const raw = rawOf(handle)
  if (raw === undefined) return new NotOpen({ detail: `the ${kindOf(handle)} is closed` })
  if (!canCarry(kindOf(handle), raw)) {
    return new Unsupported({ detail: `a ${kindOf(handle)} on a ${typeOf(raw)} cannot be passed` })
  }
  if (handle instanceof Net.Server) return raw
  if (handle.destroyed || handle.connecting) {
    return new NotOpen({ detail: `the socket is ${handle.destroyed ? "closed" : "not connected"}` })
  }
  const loud = unquiet(handle, raw)
  return loud === undefined ? raw : new NotPaused({ detail: loud })
}

const isReason = (value: RawHandle | Reason): value is Reason =>
  Predicate.hasProperty(value, "_tag")

const close = (handle: Handle) => {
  if (handle instanceof Net.Server) handle.close()
  else handle.destroy()
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

/** A socket that nobody reads until the program, which has it now, had a turn. */
const makeSocket = (raw: RawHandle, allowHalfOpen: boolean): Net.Socket => {
  // `handle` and `manualStart` are Node's own, used by its server and by connect.
  const privately: object = { handle: raw, manualStart: true }
  const socket = new Net.Socket({ ...privately, readable: true, writable: true, allowHalfOpen })
  setImmediate(() => {
    // As Node does for a new connection, so that its end is noticed even if nobody reads.
    if (socket.readableFlowing === null && !socket.destroyed) socket.read(0)
  })
  return socket
}

/** A server that accepts from its first `connection` listener on. */
const makeServer = (raw: RawHandle): Net.Server => {
  const server = Net.createServer()
  const inner: { _handle: RawHandle | null } = Object.assign(server, { _handle: raw })
  const start = (event: string) => {
    if (event !== "connection") return
    server.off("newListener", start)
    if (inner._handle !== raw) return
    inner._handle = null
    server.listen(raw)
  }
  server.on("newListener", start)
  return server
}

interface Owned {
  closed: boolean
  readonly handles: Set<Handle>
}

const ownedBy = new WeakMap<Scope.Scope, Owned>()

/** What was received in a Scope and is still open; destroyed with it. */
const ownedHandles = Effect.fnUntraced(function* (scope: Scope.Scope) {
  const known = ownedBy.get(scope)
  if (known !== undefined) return known
  const owned: Owned = { closed: false, handles: new Set() }
  ownedBy.set(scope, owned)
  yield* Scope.addFinalizer(
    scope,
    Effect.sync(() => {
      owned.closed = true
      for (const handle of owned.handles) close(handle)
    }),
  )
  return owned
})

const own = (owned: Owned, handle: Handle) => {
  if (owned.closed) return close(handle)
  owned.handles.add(handle)
  handle.once("close", () => owned.handles.delete(handle))
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
          const handle = said.kind === "server" ? makeServer(raw) : makeSocket(raw, said.halfOpen)
          own(owned, handle)
          resume(Effect.succeed({ message: taken, handle }))
        },
        gone: (reason) => resume(fail(new PeerGone({ reason: toReason(reason) }))),
      })
      return Effect.sync(stop)
    })

  const receive = Stream.fromEffectRepeat(
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

  return { peer, send, receive }
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
