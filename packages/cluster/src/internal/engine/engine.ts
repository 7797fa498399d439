/**
 * Runs a Fleet: carries out its commands, tells it what happened, and lets people ask. The only place
 * where processes are started and ended.
 *
 * It ends with its Scope: the Fleet stops, and the Scope is closed when the last process has gone.
 */
import { Clock, Deferred, Effect, Exit, Queue, Scope, type Stream } from "effect"

import { GaveUp, StartFailed, SupervisorError } from "../../SupervisorError.ts"
import type * as Worker from "../../Worker.ts"
import * as Fleet from "../fleet/Fleet.ts"
import type { Launched, Launcher } from "../Launcher.ts"
import { snapshot } from "../snapshot.ts"
import type { Spec } from "../Spec.ts"
import * as Announcements from "./Announcements.ts"
import * as Delays from "./Delays.ts"
import { Generations } from "./Generations.ts"
import { Processes, type Service } from "./Processes.ts"
import { type Question, Questions, type Request } from "./Questions.ts"

export interface Engine {
  /** Start all workers. Succeeds when every one of them is ready; fails with `StartFailed`. */
  readonly begin: Effect.Effect<void, SupervisorError>
  readonly snapshots: Effect.Effect<ReadonlyArray<Worker.Snapshot>>
  /** What happens from now on; ends when the Fleet has stopped. */
  readonly events: Stream.Stream<Announcements.Announced>
  readonly state: () => Fleet.State
  readonly port: () => number | null
  /** What a group is now. */
  readonly specOf: (group: number) => Spec
  /** One at a time, in the order in which they were asked. */
  readonly ask: (question: Question) => Effect.Effect<void, SupervisorError>
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

const isGivenUp = ({ status }: Fleet.Slot) => status === "gaveUp"

const isAbandoned = ({ slots }: Fleet.State) => slots.length > 0 && slots.every(isGivenUp)

const isReady = ({ processes }: Fleet.State, serial: number) =>
  processes.some((process) => process.serial === serial && process.state === "ready")

export const make = Effect.fnUntraced(function* ({
  groups,
  launcher,
  strategy,
}: Options): Effect.fn.Return<Engine, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const now = () => clock.currentTimeMillisUnsafe()
  // Deadlines and processes outlive the begin of the shutdown: they carry it out.
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const events = yield* Queue.unbounded<Fleet.Event | Request>()
  const offer = (event: Fleet.Event | Request) => Queue.offerUnsafe(events, event)
  const announcements = yield* Announcements.make
  const opened = yield* Deferred.make<void, SupervisorError>()
  const stopped = yield* Deferred.make<void>()
  let abandoned = Deferred.makeUnsafe<never, SupervisorError>()
  let port: number | null = null
  let hasGivenUp = false
  let forced = 0

  const generations = new Generations()
  for (const { spec } of groups) generations.add(spec)
  const policies: Fleet.Policies = { strategy, of: generations.of }
  let state = Fleet.initial(groups.map(({ size }) => size))
  const specOf = (group: number) => generations.of(state.generations[group] ?? group)
  const delays = yield* Scope.provide(Delays.make(offer, now), scope)
  const onListening = (listening: number) => {
    port = listening
  }
  const processes = new Processes({ launcher, scope, offer, onListening, now })
  const questions = new Questions(() => begin())

  /** The next one that was asked, when the one before it is over. */
  const begin = () => {
    const next = state.operation === null ? questions.next() : undefined
    if (next !== undefined) offer(next)
  }

  const tell = (told: Fleet.News) =>
    Effect.gen(function* () {
      yield* announcements.tell(told)
      if (told._tag !== "WorkerGaveUp") return
      yield* Effect.logError(
        `worker ${told.id} is given up after ${told.crashes} crashes in a row: ${told.detail}`,
      )
      if (!isAbandoned(state)) return
      launcher.abandoned()
      const reason = new GaveUp({ detail: told.detail })
      yield* Deferred.fail(abandoned, new SupervisorError({ reason }))
    })

  const carryOut = (command: Fleet.Command): Effect.Effect<unknown> => {
    switch (command._tag) {
      case "Fork": {
        return processes.launch(command, generations.of(command.generation))
      }
      case "SetDeadline": {
        const { after, serial, state } = command
        return delays.deadline(serial, after, { _tag: "DeadlinePassed", serial, state })
      }
      case "Backoff": {
        return delays.backoff(command, generations.of(command.generation).restart.backoff)
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
        return Effect.andThen(announcements.end, Deferred.succeed(stopped, undefined))
      }
      case "Drain": {
        return Effect.sync(() => processes.get(command.serial)?.drain())
      }
      case "Signal": {
        return Effect.sync(() => processes.get(command.serial)?.end())
      }
      case "Kill": {
        return Effect.sync(() => processes.get(command.serial)?.kill("SIGKILL"))
      }
      case "Tell": {
        return tell(command.news)
      }
      case "Answer": {
        return Effect.sync(() => questions.answer(command.id, command.refusal))
      }
    }
  }

  /** What only a former generation or place needed. */
  const tidy = (operation: Fleet.Operation) => {
    launcher.settled()
    if (operation._tag === "Rollout") {
      generations.forget(Math.max(operation.from, operation.target), state)
    }
    delays.prune(state.slots)
  }

  /** A reload has its number when it begins. None when it cannot; who asked knows why. */
  const toEvent = (heard: Fleet.Event | Request): Effect.Effect<Fleet.Event | undefined> => {
    if (!("change" in heard)) return Effect.succeed(heard)
    const { change, ...reload } = heard
    return change(specOf(reload.group)).pipe(
      Effect.map((spec) => ({ ...reload, generation: generations.add(spec) })),
      Effect.catch((error) => {
        questions.refuse(reload.id, error)
        return Effect.undefined
      }),
    )
  }

  const hear = (event: Fleet.Event) =>
    Effect.gen(function* () {
      if (event._tag === "Exited") {
        yield* delays.forget(event.serial)
        yield* processes.forget(event.serial)
      }
      const before = state
      if (event._tag === "Stop") {
        hasGivenUp ||= before.slots.some(isGivenUp)
        yield* launcher.stopping
      }
      const [next, commands] = Fleet.step(state, event, policies, now())
      state = next
      if (event._tag === "Ready" && isReady(state, event.serial)) {
        processes.get(event.serial)?.open()
      }
      yield* Effect.forEach(commands, carryOut, { discard: true })
      if (Deferred.isDoneUnsafe(abandoned) && !isAbandoned(state)) {
        abandoned = Deferred.makeUnsafe()
      }
      if (before.operation !== null && state.operation === null) tidy(before.operation)
    })

  const turn = Effect.gen(function* () {
    const heard = yield* Queue.take(events)
    const event = yield* toEvent(heard)
    if (event !== undefined) yield* hear(event)
    if ("id" in heard) questions.heard()
    begin()
  })

  yield* turn.pipe(
    Effect.forever,
    // A bug of ours must not leave workers behind, nor callers waiting.
    Effect.onError((cause) =>
      Effect.gen(function* () {
        launcher.killAll()
        questions.end(cause)
        yield* Deferred.failCause(opened, cause)
        yield* announcements.end
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

  return {
    begin: Effect.andThen(
      Effect.sync(() => offer({ _tag: "Begin", now: now() })),
      Deferred.await(opened),
    ),
    snapshots: Effect.suspend(() => snapshot(state, (serial) => processes.get(serial), now())),
    events: announcements.stream,
    state: () => state,
    port: () => port,
    specOf,
    ask: (question) => questions.ask(question),
    stop,
    gaveUp: Effect.suspend(() => Deferred.await(abandoned)),
    running: (slot) => processes.ofSlot(slot),
    serve: (service) => processes.serve(service),
    verdict: () => ({ forced, gaveUp: hasGivenUp }),
  }
})
