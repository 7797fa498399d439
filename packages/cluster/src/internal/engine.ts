/**
 * Runs a Fleet: carries out its commands, tells it what happened, and lets people ask. The only place
 * where processes are started and ended.
 *
 * It ends with its Scope: the Fleet stops, and the Scope is closed when the last process has gone.
 */
import type { Channel } from "@manycore/ipc"
import {
  Clock,
  Deferred,
  Duration,
  Effect,
  Exit,
  FiberMap,
  PubSub,
  Queue,
  type Schedule,
  Schedule as Schedules,
  Scope,
} from "effect"

import { GaveUp, ReloadFailed, StartFailed, Stopping, SupervisorError } from "../SupervisorError.ts"
import type * as Worker from "../Worker.ts"
import * as Fleet from "./Fleet.ts"
import type { Hooks, Launched, Launcher } from "./Launcher.ts"
import { snapshot } from "./snapshot.ts"
import type { Spec } from "./Spec.ts"

/** Serves something to each worker, for as long as it lives. */
export type Service = (channel: Channel.Channel) => Effect.Effect<void>

type Request = Extract<Fleet.Event, { readonly _tag: "Reload" | "Scale" | "Restart" }>

/** A request that has no number yet. */
type Unnumbered = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never

/** What people ask: a reload names a spec, which has no generation yet. */
export type Wish =
  | Exclude<Unnumbered, { readonly _tag: "Reload" }>
  | {
      readonly _tag: "Reload"
      readonly group: number
      readonly limits: Extract<Unnumbered, { readonly _tag: "Reload" }>["limits"]
      readonly spec: Spec
    }

interface Running extends Launched {
  readonly slot: number
  readonly scope: Scope.Closeable
}

export interface Engine {
  /** Start all workers. Succeeds when every one of them is ready; fails with `StartFailed`. */
  readonly begin: Effect.Effect<void, SupervisorError>
  readonly snapshots: Effect.Effect<ReadonlyArray<Worker.Snapshot>>
  readonly news: PubSub.PubSub<Fleet.News>
  readonly state: () => Fleet.State
  readonly port: () => number | null
  /** One at a time, in the order in which they were asked. */
  readonly ask: (wish: Wish) => Effect.Effect<void, SupervisorError>
  readonly stop: Effect.Effect<void>
  /** Fails when every worker has been given up. */
  readonly gaveUp: Effect.Effect<never, SupervisorError>
  /** The processes of a place, the newest last. */
  readonly running: (slot: number) => ReadonlyArray<Launched>
  readonly serve: (service: Service) => Effect.Effect<void, never, Scope.Scope>
  /** Workers that did not end well; and whether any was given up. */
  readonly verdict: () => { readonly forced: number; readonly gaveUp: boolean }
}

export interface Options {
  readonly launcher: Launcher
  readonly strategy: Fleet.Strategy
  readonly groups: ReadonlyArray<{ readonly spec: Spec; readonly size: number }>
}

type Step = (now: number, input: unknown) => ReturnType<StepOf>
type StepOf = Effect.Success<ReturnType<typeof Schedules.toStep<unknown, unknown, never, never>>>

const isGivenUp = ({ status }: Fleet.Slot) => status === "gaveUp"

interface Asked {
  readonly wish: Unnumbered
  readonly answer: Deferred.Deferred<void, SupervisorError>
}

const toError = (wish: Unnumbered, refusal: Fleet.Refusal): SupervisorError => {
  if (refusal._tag !== "WorkerFailed") return new SupervisorError({ reason: new Stopping() })
  const { failure, slot } = refusal
  return new SupervisorError({
    reason:
      wish._tag === "Reload"
        ? new ReloadFailed({ id: slot, failure })
        : new StartFailed({ id: slot, failure }),
  })
}

export const make = Effect.fnUntraced(function* ({
  groups,
  launcher,
  strategy,
}: Options): Effect.fn.Return<Engine, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const now = () => clock.currentTimeMillisUnsafe()
  // Deadlines and processes outlive the begin of the shutdown: they carry it out.
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const timers = yield* Scope.provide(FiberMap.make<string>(), scope)
  const events = yield* Queue.unbounded<Fleet.Event>()
  const news = yield* PubSub.unbounded<Fleet.News>()
  const opened = yield* Deferred.make<void, SupervisorError>()
  const stopped = yield* Deferred.make<void>()
  let abandoned = Deferred.makeUnsafe<never, SupervisorError>()
  const specs = new Map<number, Spec>()
  const running = new Map<number, Running>()
  const services = new Set<Service>()
  const backoffs = new Map<number, Step>()
  const asked: Array<Asked> = []
  const answers = new Map<number, Asked>()
  let nextId = 1
  let nextGeneration = 0
  let port: number | null = null
  let hasGivenUp = false
  let isBeginning = false
  let forced = 0

  const specOf = (generation: number): Spec => {
    const spec = specs.get(generation)
    if (spec === undefined) throw new Error(`there is no generation ${generation}`)
    return spec
  }
  const addGeneration = (spec: Spec) => {
    specs.set(nextGeneration, spec)
    return nextGeneration++
  }
  for (const { spec } of groups) addGeneration(spec)
  const policies: Fleet.Policies = { strategy, of: specOf }
  let state = Fleet.initial(groups.map(({ size }) => size))
  const offer = (event: Fleet.Event) => Queue.offerUnsafe(events, event)

  /** Specs up to this one that nobody runs or goes back to any more; later ones are still asked. */
  const forgetSpecs = (last: number) => {
    const used = new Set([
      ...state.generations,
      ...state.slots.map(({ generation }) => generation),
      ...state.processes.map(({ generation }) => generation),
    ])
    for (const generation of specs.keys()) {
      if (generation <= last && !used.has(generation)) specs.delete(generation)
    }
  }

  const hooksOf = (serial: number): Hooks => ({
    onReady: () => offer({ _tag: "Ready", serial, now: now() }),
    onListening: (listening) => {
      port = listening
    },
    onDrained: () => offer({ _tag: "Drained", serial }),
    onPipeLost: () => offer({ _tag: "PipeLost", serial }),
    onExit: (exit) => offer({ _tag: "Exited", serial, ...exit, wasForked: true, now: now() }),
  })

  const launch = (command: Extract<Fleet.Command, { _tag: "Fork" }>) =>
    Effect.gen(function* () {
      const { generation, index, serial, slot } = command
      const memberScope = yield* Scope.fork(scope)
      const launched = yield* launcher
        .launch(specOf(generation), { serial, slot, index }, hooksOf(serial))
        .pipe(
          Scope.provide(memberScope),
          Effect.onError(() => Scope.close(memberScope, Exit.void)),
        )
      running.set(serial, { ...launched, slot, scope: memberScope })
      offer({ _tag: "Forked", serial, pid: launched.pid })
      const { channel } = launched
      if (channel === undefined) return
      for (const service of services) yield* Effect.forkIn(service(channel), memberScope)
    }).pipe(
      // A process that cannot even be forked has ended.
      Effect.catch(({ report }) =>
        Effect.sync(() => {
          const { serial } = command
          const exit = { exitCode: null, signal: null, report, wasForked: false }
          offer({ _tag: "Exited", serial, ...exit, now: now() })
        }),
      ),
    )

  /** Let go of what belonged to a process that has exited. */
  const forget = (serial: number) =>
    Effect.gen(function* () {
      yield* FiberMap.remove(timers, `process ${serial}`)
      const gone = running.get(serial)
      running.delete(serial)
      if (gone !== undefined) yield* Scope.close(gone.scope, Exit.void)
    })

  const later = (key: string, delay: number, event: Fleet.Event) =>
    FiberMap.run(
      timers,
      key,
      Effect.delay(
        Effect.sync(() => offer(event)),
        delay,
      ),
    )

  const backoff = (command: Extract<Fleet.Command, { _tag: "Backoff" }>) =>
    Effect.gen(function* () {
      const { crashesInARow, generation, slot } = command
      let step = backoffs.get(slot)
      if (step === undefined || crashesInARow <= 2) {
        const schedule: Schedule.Schedule<unknown> = specOf(generation).restart.backoff
        step = yield* Schedules.toStep(schedule)
        backoffs.set(slot, step)
      }
      const next = yield* Effect.option(step(now(), undefined))
      if (next._tag === "None") offer({ _tag: "BackoffEnded", slot })
      else {
        const delay = Duration.toMillis(next.value[1])
        yield* later(`slot ${slot}`, delay, { _tag: "BackoffOver", slot })
      }
    })

  const isAbandoned = () => state.slots.length > 0 && state.slots.every(isGivenUp)
  const isReady = (serial: number) =>
    state.processes.some((one) => one.serial === serial && one.state === "ready")

  const tell = (told: Fleet.News) => {
    PubSub.publishUnsafe(news, told)
    if (told._tag !== "WorkerGaveUp" || !isAbandoned()) return
    launcher.abandoned()
    const reason = new GaveUp({ detail: told.detail })
    Deferred.doneUnsafe(abandoned, Effect.fail(new SupervisorError({ reason })))
  }

  const answer = (command: Extract<Fleet.Command, { _tag: "Answer" }>) => {
    const { id, refusal } = command
    const waiting = answers.get(id)
    answers.delete(id)
    if (waiting === undefined) return
    const exit = refusal === null ? Effect.void : Effect.fail(toError(waiting.wish, refusal))
    Deferred.doneUnsafe(waiting.answer, exit)
  }

  const carryOut = (command: Fleet.Command): Effect.Effect<unknown> => {
    switch (command._tag) {
      case "Fork": {
        return launch(command)
      }
      case "SetDeadline": {
        const { after, serial, state } = command
        return later(`process ${serial}`, after, { _tag: "DeadlinePassed", serial, state })
      }
      case "Backoff": {
        return backoff(command)
      }
      case "Opened": {
        return Deferred.succeed(opened, undefined)
      }
      case "StartFailed": {
        const { failure, slot } = command
        const reason = new StartFailed({ id: slot, failure })
        return Deferred.fail(opened, new SupervisorError({ reason }))
      }
      case "Stopped": {
        forced = command.forced
        return Deferred.succeed(stopped, undefined)
      }
      case "Drain": {
        return Effect.sync(() => running.get(command.serial)?.drain())
      }
      case "Signal": {
        return Effect.sync(() => running.get(command.serial)?.end())
      }
      case "Kill": {
        return Effect.sync(() => running.get(command.serial)?.kill("SIGKILL"))
      }
      case "Tell": {
        return Effect.sync(() => tell(command.news))
      }
      case "Answer": {
        return Effect.sync(() => answer(command))
      }
    }
  }

  /** The next one that was asked, when the one before it is over. */
  const begin = () => {
    if (state.operation !== null || isBeginning) return
    const next = asked.shift()
    if (next === undefined) return
    const id = nextId++
    isBeginning = true
    answers.set(id, next)
    offer({ ...next.wish, id })
  }

  /** What only a former generation or place needed. */
  const tidy = (operation: Fleet.Operation) => {
    launcher.settled()
    if (operation._tag === "Rollout") forgetSpecs(Math.max(operation.from, operation.target))
    for (const slot of backoffs.keys()) {
      if (!state.slots.some(({ id }) => id === slot)) backoffs.delete(slot)
    }
  }

  const hear = (event: Fleet.Event) =>
    Effect.gen(function* () {
      if (event._tag === "Exited") yield* forget(event.serial)
      const before = state
      if (event._tag === "Stop") {
        hasGivenUp ||= before.slots.some(isGivenUp)
        launcher.stopping()
      }
      const [next, commands] = Fleet.step(state, event, policies, now())
      state = next
      if (event._tag === "Ready" && isReady(event.serial)) running.get(event.serial)?.open()
      yield* Effect.forEach(commands, carryOut, { discard: true })
      if (Deferred.isDoneUnsafe(abandoned) && !isAbandoned()) abandoned = Deferred.makeUnsafe()
      if ("id" in event) isBeginning = false
      if (before.operation !== null && state.operation === null) tidy(before.operation)
      begin()
    })

  yield* Queue.take(events).pipe(
    Effect.flatMap(hear),
    Effect.forever,
    // A bug of ours must not leave workers behind, nor callers waiting.
    Effect.onError((cause) =>
      Effect.gen(function* () {
        launcher.killAll()
        yield* Deferred.failCause(opened, cause)
        for (const { answer } of [...answers.values(), ...asked]) {
          yield* Deferred.failCause(answer, cause)
        }
        yield* Deferred.succeed(stopped, undefined)
      }),
    ),
    Effect.forkScoped,
  )
  const stop = Effect.andThen(
    Effect.sync(() => offer({ _tag: "Stop" })),
    Deferred.await(stopped),
  )
  yield* Effect.addFinalizer(() => stop)
  /** Generations are numbered in the order in which they are asked. */
  const toRequest = (wish: Wish): Unnumbered => {
    if (wish._tag !== "Reload") return wish
    const { _tag, group, limits, spec } = wish
    return { _tag, group, limits, generation: addGeneration(spec) }
  }

  const ask = Effect.fnUntraced(function* (wish: Wish) {
    const answer = yield* Deferred.make<void, SupervisorError>()
    const entry = { wish: toRequest(wish), answer }
    asked.push(entry)
    begin()
    yield* Effect.onInterrupt(Deferred.await(answer), () =>
      Effect.sync(() => {
        const at = asked.indexOf(entry)
        if (at >= 0) asked.splice(at, 1)
      }),
    )
  })

  const inOrder = () => [...running.entries()].toSorted(([a], [b]) => a - b)

  return {
    begin: Effect.andThen(
      Effect.sync(() => offer({ _tag: "Begin", now: now() })),
      Deferred.await(opened),
    ),
    snapshots: Effect.suspend(() => snapshot(state, (serial) => running.get(serial), now())),
    news,
    state: () => state,
    port: () => port,
    ask,
    stop,
    gaveUp: Effect.suspend(() => Deferred.await(abandoned)),
    running: (slot) => inOrder().flatMap(([, one]) => (one.slot === slot ? [one] : [])),
    serve: Effect.fnUntraced(function* (service: Service) {
      yield* Effect.acquireRelease(
        Effect.sync(() => services.add(service)),
        () => Effect.sync(() => services.delete(service)),
      )
      for (const { channel, scope: memberScope } of running.values()) {
        if (channel !== undefined) yield* Effect.forkIn(service(channel), memberScope)
      }
    }),
    verdict: () => ({ forced, gaveUp: hasGivenUp }),
  }
})
