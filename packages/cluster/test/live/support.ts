/** For tests that hold a supervisor in their own process: the primary is here, its workers are real. */
import { readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"

import { assert } from "@effect/vitest"
import { RestartPolicy, Supervisor } from "@manycore/cluster"
import { Census, Condition, LoadClient, Program } from "@manycore/testkit"
import { Effect, Exit, Scope } from "effect"

/** Path of a program for tests. */
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))

/** A supervisor of a fixture; the restart policy never gives up within a test unless it says so. */
export const supervise = (options: Partial<Supervisor.Options> & { readonly program: string }) =>
  Effect.gen(function* () {
    const supervisor = yield* Supervisor.make({
      workers: 2,
      restart: RestartPolicy.make({ intensity: { crashes: 100, within: "1 minute" } }),
      ...options,
      program: fixture(options.program),
    })
    const url = `http://127.0.0.1:${yield* supervisor.port}`
    const get = (path: string): Effect.Effect<string> =>
      Effect.promise(async () => {
        const response = await fetch(url + path, { headers: { connection: "close" } })
        return response.text()
      })
    const pids = Effect.map(supervisor.workers, (workers) =>
      workers.flatMap(({ pid }) => (pid === null ? [] : [pid])),
    )
    return { supervisor, url, get, pids }
  })

/** How a supervisor that cannot start fails. */
export const failure = (options: Partial<Supervisor.Options> & { readonly program: string }) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const error = yield* Effect.flip(
      Supervisor.make({ workers: 2, ...options, program: fixture(options.program) }),
    ).pipe(Scope.provide(scope))
    yield* Scope.close(scope, Exit.void)
    return error
  })

interface Primary {
  readonly program: string
  readonly workers?: number
  readonly env?: object
  readonly lameDuck?: string
  readonly restart?: Parameters<typeof RestartPolicy.make>[0]
}

interface PrimaryProcess {
  /** Options of Node, for the primary and its workers. */
  readonly execArgv?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
}

/** A primary in a process of its own, as a person starts it. */
export const startPrimary = (settings: Primary, { env, execArgv = [] }: PrimaryProcess = {}) =>
  Effect.gen(function* () {
    const primary = yield* Program.start({
      command: process.execPath,
      args: [
        ...process.execArgv,
        ...execArgv,
        fixture("primary.ts"),
        JSON.stringify({ workers: 2, ...settings }),
      ],
      env,
    })
    const [, port] = yield* primary.waitForOutput(/ready (\d+)/, "20 seconds")
    const workers = Effect.map(Census.children(primary.pid), (children) =>
      children.map(({ pid }) => pid),
    )
    return { primary, workers, url: `http://127.0.0.1:${port}` }
  })

interface Lane {
  readonly path: string
  readonly connections: number
  readonly keepAlive: boolean
}

/** Load of several kinds at once. */
export const loads = (url: string, lanes: ReadonlyArray<Lane>) =>
  Effect.gen(function* () {
    const clients = yield* Effect.forEach(lanes, ({ path, ...lane }) =>
      LoadClient.start({
        ...lane,
        url: url + path,
        timeout: "20 seconds",
        // Node's agent reuses connections for requests that wait, also when told not to keep any.
        headers: lane.keepAlive ? {} : { connection: "close" },
      }),
    )
    yield* Condition.until(
      "every kind of load is answered",
      () => clients.every((client) => client.snapshot().ok > 0),
      { deadline: "20 seconds" },
    )
    return {
      answered: () => clients.reduce((sum, client) => sum + client.snapshot().ok, 0),
      stop: Effect.forEach(clients, (client) => client.stop, { concurrency: "unbounded" }),
    }
  })

/** Not one request was lost or hung. */
export const assertNothingLost = (results: ReadonlyArray<LoadClient.Result>): void => {
  for (const { errors, failed, ok, sent } of results) {
    assert.deepStrictEqual(errors, {})
    assert.strictEqual(failed, 0)
    assert.strictEqual(ok, sent)
  }
}

/** Open descriptors of the primary, which is this process where nothing else is said. */
export const descriptors = (pid: number | "self" = "self"): number =>
  readdirSync(`/proc/${pid}/fd`).length

/** Descriptors are as many as before: nothing that was handed over is still open there. */
export const awaitDescriptors = (before: number, pid: number | "self" = "self") =>
  Condition.until("no descriptor is left over", () => descriptors(pid) <= before, {
    deadline: "20 seconds",
    state: () => `${descriptors(pid)} descriptors, ${before} before`,
  })
