/**
 * A child process with a group of its own, the last of what it said, and how it is stopped together
 * with all that it has started: see `ServerProcess`.
 */
import { type ChildProcess, spawn } from "node:child_process"

import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

import * as ProcessTable from "./processTable.ts"

interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

export interface Options {
  readonly command: readonly [program: string, ...args: ReadonlyArray<string>]
  /** The file in which a Node program tells where it listens. */
  readonly listening: string
  readonly grace: Duration.Input
  readonly cwd: string | undefined
}

/** How much of what a program says is kept, in characters. */
const kept = 4096

/** Between two looks at whether it listens or has ended, in ms. */
export const every = 25

export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  readonly exit: Deferred.Deferred<Exit>
  exited: Exit | undefined
  output: string
}

const preload = new URL(
  import.meta.url.endsWith(".ts") ? "./announce.ts" : "./announce.js",
  import.meta.url,
)

const environment = (listening: string): NodeJS.ProcessEnv => ({
  ...process.env,
  MANYLOAD_LISTENING: listening,
  NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --import=${preload.href}`.trim(),
})

const kill = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch {
    // It has gone already.
  }
}

/** Why a program cannot be started. */
const why: Readonly<Record<string, string>> = {
  ENOENT: "there is no such program, or its directory is not there",
  EACCES: "it may not be executed",
}

const spawned = (options: Options): Effect.Effect<Child, string> =>
  Effect.callback((resume) => {
    const [program, ...args] = options.command
    const child = spawn(program, args, {
      // A group of its own: it can be signalled as a whole, and Ctrl-C does not reach it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: environment(options.listening),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    child.once("error", (error: NodeJS.ErrnoException) => {
      resume(Effect.fail(`cannot start ${program}: ${why[error.code ?? ""] ?? error.message}`))
    })
    child.once("spawn", () => {
      const running: Child = {
        process: child,
        pid: child.pid ?? 0,
        exit: Deferred.makeUnsafe(),
        exited: undefined,
        output: "",
      }
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding("utf8").on("data", (text: string) => {
          running.output = (running.output + text).slice(-kept)
        })
      }
      child.once("exit", (code, signal) => {
        running.exited = { code, signal }
        Deferred.doneUnsafe(running.exit, Effect.succeed({ code, signal }))
      })
      resume(Effect.succeed(running))
    })
  })

/** Waits until nobody of the family lives, telling those who outlive the program to end. */
const gone = Effect.fnUntraced(function* (
  child: Child,
  family: ReadonlyArray<ProcessTable.Process>,
) {
  let told = false
  for (;;) {
    const table = yield* Effect.promise(ProcessTable.read)
    const alive = ProcessTable.survivors(
      [...family, ...ProcessTable.family(table, child.pid)],
      table,
    )
    if (alive.length === 0 && child.exited !== undefined) return
    if (child.exited !== undefined && !told) {
      told = true
      for (const { pid } of alive) kill(pid, "SIGTERM")
    }
    yield* Effect.sleep(every)
  }
})

const stop = Effect.fnUntraced(function* (child: Child, grace: Duration.Input) {
  const family = ProcessTable.family(yield* Effect.promise(ProcessTable.read), child.pid)
  if (child.exited === undefined) kill(child.pid, "SIGTERM")
  // The release of a Scope cannot be interrupted, but this wait must be.
  const ended = yield* Effect.timeoutOption(Effect.interruptible(gone(child, family)), grace)
  if (ended._tag === "None") {
    kill(-child.pid, "SIGKILL")
    const now = yield* Effect.promise(ProcessTable.read)
    for (const { pid } of ProcessTable.survivors(family, now)) kill(pid, "SIGKILL")
    yield* Deferred.await(child.exit)
  }
  child.process.stdout?.destroy()
  child.process.stderr?.destroy()
})

/** A child, and nothing left of it when the Scope closes. Fails with a sentence. */
export const start = (options: Options) =>
  Effect.acquireRelease(
    Effect.map(spawned(options), (child) => {
      const onExit = (): void => kill(-child.pid, "SIGKILL")
      process.once("exit", onExit)
      return { child, onExit }
    }),
    ({ child, onExit }) =>
      Effect.andThen(
        stop(child, options.grace),
        Effect.sync(() => process.removeListener("exit", onExit)),
      ),
  ).pipe(Effect.map(({ child }) => child))
