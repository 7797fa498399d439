/**
 * Supervises the worker processes of one application: forks them, replaces one that ends by itself,
 * and stops all of them without losing a request that is being answered. The workers share their
 * ports through `node:cluster`.
 *
 * Shutdown, when the Scope closes (`runMain` closes it on SIGTERM and SIGINT):
 * 1. Each worker is told to drain: no new connections, finish the requests in flight, exit.
 * 2. A worker that is still there after `drainTimeout` gets SIGKILL.
 * 3. The Scope is closed only when every worker has exited.
 *
 * What is decided is decided in `internal/Machine`; this module carries it out.
 *
 * @since 0.1.0
 */
import cluster from "node:cluster"
import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"

import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import {
  Cause,
  Clock,
  Context,
  Deferred,
  Duration,
  Effect,
  Exit,
  Layer,
  PubSub,
  Queue,
  Schema,
  Scope,
  Semaphore,
  Stream,
} from "effect"

import { NoFreePort } from "./internal/Control.ts"
import { freePort } from "./internal/freePort.ts"
import * as Machine from "./internal/Machine.ts"
import * as Member from "./internal/Member.ts"
import { sentence } from "./internal/sentence.ts"
import * as RestartPolicy from "./RestartPolicy.ts"
import {
  InvalidOption,
  NotAlone,
  ProgramNotFound,
  StartFailed,
  SupervisorError,
} from "./SupervisorError.ts"
import type * as Worker from "./Worker.ts"

/**
 * Who hands new connections to workers: the primary in turn (`roundRobin`), or the operating system,
 * which lets the workers accept by themselves.
 *
 * @category models
 * @since 0.1.0
 */
export const Scheduling = Schema.Literals(["roundRobin", "operatingSystem"])

/** @since 0.1.0 */
export type Scheduling = typeof Scheduling.Type

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The program that each worker runs: any Node program, best one that uses `ClusterWorker`. */
  readonly program: string | URL
  /** Its arguments. Default: none. */
  readonly args?: ReadonlyArray<string>
  /** Variables added to the primary's environment. Default: none. */
  readonly env?: Readonly<Record<string, string>>
  /** How many workers. Default `os.availableParallelism()`. */
  readonly workers?: number
  /** Default `roundRobin`. node:cluster fixes it at the first fork of a process. */
  readonly scheduling?: Scheduling
  /** When a worker that ended is started again. Default `RestartPolicy.make()`. */
  readonly restart?: RestartPolicy.RestartPolicy
  /** How long a worker may take until its server listens, then SIGKILL. Default 30 seconds. */
  readonly startTimeout?: Duration.Input
  /** How long requests in flight may take when a worker stops, then SIGKILL. Default 10 seconds. */
  readonly drainTimeout?: Duration.Input
}

/**
 * What happens to workers, as it happens.
 *
 * @category models
 * @since 0.1.0
 */
export type Event =
  | { readonly _tag: "WorkerForked"; readonly id: number; readonly pid: number }
  | { readonly _tag: "WorkerReady"; readonly id: number; readonly pid: number }
  | {
      readonly _tag: "WorkerExited"
      readonly id: number
      readonly pid: number
      readonly exitCode: number | null
      readonly signal: string | null
      /** The worker's own word why it could not start, where it gave one. */
      readonly detail: string | null
    }

/**
 * The supervisor of this process.
 *
 * @category services
 * @since 0.1.0
 */
export class Supervisor extends Context.Service<
  Supervisor,
  {
    /** The workers as they are now. */
    readonly workers: Effect.Effect<ReadonlyArray<Worker.Snapshot>>
    /** What happens from now on. */
    readonly events: Stream.Stream<Event>
    /** The port on which a worker listened last; null until one has. */
    readonly port: Effect.Effect<number | null>
  }
>()("@manycore/cluster/Supervisor") {}

let isTaken = false
let wasForced = false

const claim = Effect.acquireRelease(
  Effect.suspend(() => {
    if (!isTaken && cluster.isPrimary) {
      isTaken = true
      return Effect.void
    }
    const where = cluster.isPrimary ? "primary" : "worker"
    return Effect.fail(new SupervisorError({ reason: new NotAlone({ where }) }))
  }),
  () =>
    Effect.sync(() => {
      isTaken = false
    }),
)

const check = Effect.fnUntraced(function* (options: Options) {
  const workers = options.workers ?? availableParallelism()
  if (!Number.isInteger(workers) || workers < 1) {
    return yield* new SupervisorError({
      reason: new InvalidOption({
        option: "workers",
        value: workers,
        expected: "a whole number from 1",
      }),
    })
  }
  const file =
    typeof options.program === "string" ? options.program : fileURLToPath(options.program)
  if (!existsSync(file)) {
    return yield* new SupervisorError({ reason: new ProgramNotFound({ file }) })
  }
  return { workers, file }
})

const setup = (options: Options, file: string) => {
  cluster.schedulingPolicy =
    options.scheduling === "operatingSystem" ? cluster.SCHED_NONE : cluster.SCHED_RR
  cluster.setupPrimary({
    exec: file,
    args: [...(options.args ?? [])],
    serialization: "advanced",
  })
}

interface Running {
  readonly member: Member.Member
  readonly scope: Scope.Closeable
}

/**
 * Start the workers. Succeeds when every one of them is ready. Fails with `NotAlone`,
 * `InvalidOption`, `ProgramNotFound`, or with `StartFailed` when a worker ends before that.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fn("Supervisor.make")(function* (
  options: Options,
): Effect.fn.Return<Supervisor["Service"], SupervisorError, Scope.Scope> {
  yield* claim
  const { file, workers } = yield* check(options)
  setup(options, file)

  const settings: Machine.Options = {
    workers,
    restart: options.restart ?? RestartPolicy.make(),
    startTimeout: Duration.toMillis(options.startTimeout ?? Duration.seconds(30)),
    drainTimeout: Duration.toMillis(options.drainTimeout ?? Duration.seconds(10)),
  }
  const clock = yield* Clock.Clock
  // Deadlines and members outlive the begin of the shutdown: they carry it out.
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const events = yield* Queue.unbounded<Machine.Event>()
  const told = yield* PubSub.unbounded<Event>()
  const opened = yield* Deferred.make<void, SupervisorError>()
  const stopped = yield* Deferred.make<void>()
  const running = new Map<number, Running>()
  const freePorts = new Map<string | undefined, number>()
  const details = new Map<number, string>()
  let state = Machine.initial(settings)
  let port: number | null = null

  const offer = (event: Machine.Event) => Queue.offerUnsafe(events, event)
  const tell = (event: Event) => PubSub.publishUnsafe(told, event)

  const snapshots: Effect.Effect<ReadonlyArray<Worker.Snapshot>> = Effect.suspend(() =>
    Effect.forEach(
      state.slots,
      (slot) =>
        Effect.map(
          running.get(slot.id)?.member.requests ?? Effect.succeed(null),
          (requests): Worker.Snapshot => ({
            id: slot.id,
            pid: slot.pid,
            state: slot.state,
            restarts: slot.restarts,
            uptime:
              slot.pid === null ? 0 : Math.round(clock.currentTimeMillisUnsafe() - slot.since),
            requests,
          }),
        ),
      { concurrency: "unbounded" },
    ),
  )

  // One answer for each host, for as long as this supervisor lives.
  const portFor = Effect.fnUntraced(function* (host: string | undefined) {
    const known = freePorts.get(host)
    if (known !== undefined) return known
    const found = yield* Effect.mapError(
      freePort(host),
      (error) => new NoFreePort({ message: sentence(Cause.fail(error)) }),
    )
    freePorts.set(host, found)
    return found
  }, Semaphore.makeUnsafe(1).withPermits(1))

  const fork = Effect.fnUntraced(function* (id: number, attempt: number) {
    const memberScope = yield* Scope.fork(scope)
    let isReady = false
    details.delete(id)
    const member: Member.Member = yield* Member.make(options.env ?? {}, {
      drainTimeout: settings.drainTimeout,
      onListening: (listening) => {
        port = listening
        if (isReady) return
        isReady = true
        offer({ _tag: "Ready", id, attempt })
        tell({ _tag: "WorkerReady", id, pid: member.pid })
      },
      onExit: (exit) => {
        offer({ _tag: "Exited", id, attempt, ...exit, now: clock.currentTimeMillisUnsafe() })
      },
      onCannotStart: (message) => details.set(id, message),
      freePort: portFor,
      workers: snapshots,
    }).pipe(Scope.provide(memberScope))
    running.set(id, { member, scope: memberScope })
    offer({ _tag: "Forked", id, pid: member.pid })
    tell({ _tag: "WorkerForked", id, pid: member.pid })
  })

  /** A process that cannot even be forked has ended. */
  const forkOrExit = (id: number, attempt: number) =>
    Effect.catch(fork(id, attempt), (cause) =>
      Effect.sync(() => {
        details.set(id, sentence(Cause.fail(cause)))
        const now = clock.currentTimeMillisUnsafe()
        offer({ _tag: "Exited", id, attempt, exitCode: null, signal: null, now })
      }),
    )

  /** Let go of what belonged to a process that has exited. */
  const forget = (event: Machine.Event & { readonly _tag: "Exited" }) =>
    Effect.suspend(() => {
      const { exitCode, id, signal } = event
      const gone = running.get(id)
      if (gone === undefined) return Effect.void
      running.delete(id)
      const detail = details.get(id) ?? null
      tell({ _tag: "WorkerExited", id, pid: gone.member.pid, exitCode, signal, detail })
      return Scope.close(gone.scope, Exit.void)
    })

  const later = (delay: number, event: () => Machine.Event) =>
    Effect.forkIn(
      Effect.delay(
        Effect.sync(() => offer(event())),
        delay,
      ),
      scope,
    )

  const carryOut = (command: Machine.Command): Effect.Effect<unknown> => {
    switch (command._tag) {
      case "Fork": {
        return forkOrExit(command.id, command.attempt)
      }
      case "WakeAfter": {
        const { attempt, delay, id } = command
        return later(delay, () => ({
          _tag: "BackoffOver",
          id,
          attempt,
          now: clock.currentTimeMillisUnsafe(),
        }))
      }
      case "SetDeadline": {
        const { after, attempt, id, state } = command
        return later(after, () => ({ _tag: "DeadlinePassed", id, attempt, state }))
      }
      case "Drain": {
        return Effect.forkIn(running.get(command.id)?.member.drain ?? Effect.void, scope)
      }
      case "Kill": {
        return Effect.sync(() => running.get(command.id)?.member.kill())
      }
      case "Opened": {
        return Deferred.succeed(opened, undefined)
      }
      case "StartFailed": {
        const { exitCode, id, signal } = command
        const detail = details.get(id) ?? null
        return Deferred.fail(
          opened,
          new SupervisorError({ reason: new StartFailed({ exitCode, signal, detail }) }),
        )
      }
      case "Stopped": {
        wasForced = command.forced > 0
        return Deferred.succeed(stopped, undefined)
      }
    }
  }

  yield* Queue.take(events).pipe(
    Effect.tap((event) => (event._tag === "Exited" ? forget(event) : Effect.void)),
    Effect.flatMap((event) => {
      const [next, commands] = Machine.step(state, event, settings)
      state = next
      return Effect.forEach(commands, carryOut, { discard: true })
    }),
    Effect.forever,
    // A bug of ours must not leave workers behind, nor callers waiting.
    Effect.onError((cause) =>
      Effect.gen(function* () {
        Member.killAll()
        yield* Deferred.failCause(opened, cause)
        yield* Deferred.succeed(stopped, undefined)
      }),
    ),
    Effect.forkScoped,
  )
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      Effect.sync(() => offer({ _tag: "Stop" })),
      Deferred.await(stopped),
    ),
  )
  offer({ _tag: "Begin", now: clock.currentTimeMillisUnsafe() })
  yield* Deferred.await(opened)

  return {
    workers: snapshots,
    events: Stream.fromPubSub(told),
    port: Effect.sync(() => port),
  }
})

/**
 * `make` as a Layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Supervisor, SupervisorError> =>
  Layer.effect(Supervisor)(make(options))

/**
 * Run a program that uses a supervisor as the main program of the process. SIGTERM and SIGINT end
 * it gracefully, a second one kills the workers at once.
 *
 * Exit code 0 after a graceful stop, 1 after one in which a worker was killed or failed, and after a failure, which is printed as
 * one sentence on stderr.
 *
 * @category running
 * @since 0.1.0
 */
export const runMain = <A, E>(program: Effect.Effect<A, E>): void => {
  let signals = 0
  const onSignal = () => {
    signals++
    if (signals < 2) return
    Member.killAll()
    process.exit(1)
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  NodeRuntime.runMain(program, {
    disableErrorReporting: true,
    teardown: (exit, onExit) => {
      process.off("SIGINT", onSignal)
      process.off("SIGTERM", onSignal)
      const failed = Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)
      if (failed) process.stderr.write(`${sentence(exit.cause)}\n`)
      onExit(failed || wasForced ? 1 : 0)
    },
  })
}
