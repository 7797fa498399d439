import { fileURLToPath } from "node:url"

import type { Supervisor } from "@manycore/cluster"
/**
 * The demo as an experiment needs it: started as a process of its own on a free port, and gone when
 * the Scope closes (SIGTERM, which drains it; SIGKILL after ten seconds).
 */
import { Deferred, Effect, type Scope, Stream } from "effect"
import * as ChildProcess from "effect/process/ChildProcess"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"

import { LabError } from "./LabError.ts"

const main = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "../main.js", import.meta.url),
)

export interface Demo {
  /** Without a slash at the end. */
  readonly url: string
}

const failed = (why: string) => new LabError({ message: `the demo did not start: ${why}` })

export const start = Effect.fnUntraced(function* (options: {
  readonly workers: number
  readonly scheduling?: Supervisor.Scheduling
}): Effect.fn.Return<Demo, LabError, Scope.Scope | ChildProcessSpawner.ChildProcessSpawner> {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const demo = yield* spawner
    .spawn(
      ChildProcess.make(process.execPath, [...process.execArgv, main], {
        env: {
          HOST: "127.0.0.1",
          PORT: "0",
          WORKERS: String(options.workers),
          SCHEDULING: options.scheduling ?? "roundRobin",
        },
        extendEnv: true,
        stdin: "ignore",
        forceKillAfter: "10 seconds",
      }),
    )
    .pipe(Effect.mapError((error) => failed(error.message)))

  const address = yield* Deferred.make<string, LabError>()
  const said: Array<string> = []
  // Read to the end, so that the demo never waits for a reader.
  yield* demo.all.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => {
      const found = /http:\/\/[\d.]+:\d+/.exec(line)
      said.push(line)
      return found === null ? Effect.void : Effect.asVoid(Deferred.succeed(address, found[0]))
    }),
    Effect.ensuring(
      Effect.suspend(() =>
        Deferred.fail(address, failed(said.join(" ").trim() || "it said nothing")),
      ),
    ),
    Effect.forkScoped,
  )
  const url = yield* Deferred.await(address).pipe(
    Effect.timeoutOrElse({
      duration: "30 seconds",
      orElse: () => Effect.fail(failed("it said no address within 30 seconds")),
    }),
  )
  return { url }
})
