/**
 * A server that is started to be loaded: runs a command, waits until it listens, stops it again with
 * all that it has started. The command `manyload --on-port -- node server.js` is a thin call of it.
 *
 * Where it listens is either known (`address`), then any program will do; or a Node program tells it,
 * by a file that is preloaded into it, and the first port it listens on counts.
 *
 * It stops when its Scope closes, in this order:
 *
 * 1. SIGTERM to the program itself, which may end its children as it likes;
 * 2. when it has ended, SIGTERM to what is left of its process group and of its descendants;
 * 3. after `grace` in all, SIGKILL to what is left then; its end is awaited.
 *
 * When this process ends without closing the Scope, by `process.exit` or by a crash, the process
 * group gets SIGKILL.
 *
 * @since 0.1.0
 */
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

import * as Child from "./internal/server/child.ts"
import * as LastWords from "./internal/server/lastWords.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The program and its arguments, run without a shell. */
  readonly command: readonly [program: string, ...args: ReadonlyArray<string>]
  /** Where it will listen. Left out, the program must be a Node program, which tells it. */
  readonly address?: { readonly host: string; readonly port: number } | undefined
  /** How long it may take until it listens; default 30 seconds. */
  readonly deadline?: Duration.Input | undefined
  /** How long it may take to stop before it is killed; default 5 seconds. */
  readonly grace?: Duration.Input | undefined
  /** Default: the directory of this process. */
  readonly cwd?: string | undefined
}

/**
 * Exactly one of the two is `null`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/**
 * A server that listens.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerProcess {
  readonly pid: number
  /** `http://HOST:PORT`, no slash at the end. */
  readonly origin: string
  /** How it ended by itself, or `undefined` while it runs. */
  readonly exited: () => Exit | undefined
  /** The last that it said, on stdout and stderr, at most 4 KiB. */
  readonly output: () => string
}

const reasonFields = { message: Schema.String }

/**
 * The program is not there or may not be run.
 *
 * @category errors
 * @since 0.1.0
 */
export class CannotStart extends Schema.TaggedError<CannotStart>()("CannotStart", reasonFields) {}

/**
 * Somebody else listens there already.
 *
 * @category errors
 * @since 0.1.0
 */
export class PortTaken extends Schema.TaggedError<PortTaken>()("PortTaken", reasonFields) {}

/**
 * The program ended before it listened.
 *
 * @category errors
 * @since 0.1.0
 */
export class EndedEarly extends Schema.TaggedError<EndedEarly>()("EndedEarly", reasonFields) {}

/**
 * The program runs, but does not listen within the deadline.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotListening extends Schema.TaggedError<NotListening>()(
  "NotListening",
  reasonFields,
) {}

/**
 * A server that could not be had; `message` is one sentence.
 *
 * @category errors
 * @since 0.1.0
 */
export class ServerProcessError extends Schema.TaggedError<ServerProcessError>()(
  "ServerProcessError",
  { reason: Schema.Union([CannotStart, PortTaken, EndedEarly, NotListening]) },
) {
  override get message(): string {
    return this.reason.message
  }
}

/**
 * How a program ended, in words: `with exit code 1`, `by SIGKILL`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const describeExit = ({ code, signal }: Exit): string =>
  signal === null ? `with exit code ${code}` : `by ${signal}`

/** Whether somebody accepts connections there. */
const accepts = (host: string, port: number): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const socket = connect({ host, port })
    const end = (answer: boolean): void => {
      socket.destroy()
      resume(Effect.succeed(answer))
    }
    socket.once("connect", () => end(true))
    socket.once("error", () => end(false))
    return Effect.sync(() => socket.destroy())
  })

const originOf = (host: string, port: number): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}`

const LineSchema = Schema.fromJsonString(
  Schema.Struct({ address: Schema.String, port: Schema.Int }),
)
const decodeLine = Schema.decodeUnknownOption(LineSchema)

/** The first address that the program told, reachable from here. */
const announced = (text: string): string | undefined => {
  // A line without its end is still being written.
  const end = text.indexOf("\n")
  const line = end === -1 ? undefined : decodeLine(text.slice(0, end))
  if (line === undefined || line._tag === "None") return undefined
  const { address, port } = line.value
  return originOf(address === "::" || address === "0.0.0.0" ? "127.0.0.1" : address, port)
}

const told = (listening: string): Effect.Effect<string | undefined> =>
  Effect.promise(() => readFile(listening, "utf8").then(announced, () => undefined))

/** Polls until `origin` answers; fails when the program ends first. */
const listens = Effect.fnUntraced(function* (
  child: Child.Child,
  origin: Effect.Effect<string | undefined>,
): Effect.fn.Return<string, EndedEarly> {
  for (;;) {
    const found = yield* origin
    if (found !== undefined) return found
    if (child.exited !== undefined) {
      // What it said last may still be in the pipe.
      yield* Effect.sleep(Child.every)
      return yield* new EndedEarly({
        message: `the server ended ${describeExit(child.exited)} before it listened${LastWords.of(child.output)}`,
      })
    }
    yield* Effect.sleep(Child.every)
  }
})

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "manyload-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true })),
)

const begin = Effect.fnUntraced(function* (options: Options) {
  const { address } = options
  if (address !== undefined && (yield* accepts(address.host, address.port))) {
    return yield* new PortTaken({
      message: `${address.host}:${address.port} is taken already: stop the program that listens there, or choose another port`,
    })
  }
  const listening = join(yield* temporaryFolder, "listening")
  const child = yield* Child.start({
    command: options.command,
    listening,
    grace: options.grace ?? "5 seconds",
    cwd: options.cwd,
  }).pipe(Effect.mapError((message) => new CannotStart({ message })))
  const deadline = Duration.fromInputUnsafe(options.deadline ?? "30 seconds")
  const origin = yield* listens(
    child,
    address === undefined
      ? told(listening)
      : Effect.map(accepts(address.host, address.port), (yes) =>
          yes ? originOf(address.host, address.port) : undefined,
        ),
  ).pipe(
    Effect.timeoutOrElse({
      duration: deadline,
      orElse: () => {
        const where = address === undefined ? "any port" : `${address.host}:${address.port}`
        const hint = address === undefined ? "; give its URL when it is no Node program" : ""
        return Effect.fail(
          new NotListening({
            message: `the server does not listen on ${where} after ${Duration.toSeconds(deadline)} s${hint}${LastWords.of(child.output)}`,
          }),
        )
      },
    }),
  )
  return {
    pid: child.pid,
    origin,
    exited: () => child.exited,
    output: () => child.output,
  }
})

/**
 * Starts the command; it listens when this succeeds, and is stopped when the Scope closes.
 *
 * Fails with `ServerProcessError`.
 *
 * @category starting
 * @since 0.1.0
 */
export const start: (
  options: Options,
) => Effect.Effect<ServerProcess, ServerProcessError, Scope.Scope> = Effect.fn(
  "ServerProcess.start",
)((options: Options) =>
  Effect.mapError(begin(options), (reason) => new ServerProcessError({ reason })),
)
