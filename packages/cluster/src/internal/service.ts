/** The Supervisor over an engine: checks what people ask, and puts it into the engine's words. */
import { availableParallelism } from "node:os"

import { AskMany, type Channel, Ipc } from "@manycore/ipc"
import { Cause, Effect, Semaphore } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import * as Sizing from "../Sizing.ts"
import type { Supervisor } from "../Supervisor.ts"
import { SupervisorError, UnknownGroup, UnknownWorker } from "../SupervisorError.ts"
import type { Group, ReloadOptions, Which } from "../SupervisorOptions.ts"
import { NoFreePort, PrimaryRpcs, toPrimary } from "./Control.ts"
import type { Engine } from "./engine/engine.ts"
import type { Slot } from "./fleet/FleetModel.ts"
import { freePort } from "./freePort.ts"
import type { Launched } from "./Launcher.ts"
import { sentence } from "./sentence.ts"
import * as Spec from "./Spec.ts"

/** The number that a sizing means; more workers than cores is said. */
export const sizeOf = Effect.fnUntraced(function* (sizing: Sizing.Sizing | undefined) {
  const cores = availableParallelism()
  const size = Sizing.resolve(sizing ?? "max", cores)
  if (size === undefined) return yield* Spec.invalid("workers", sizing, Sizing.expected)
  if (size > cores) {
    yield* Effect.logInfo(
      `${size} workers on ${cores} core${cores === 1 ? "" : "s"}: more than can run at once`,
    )
  }
  return size
})

const limitsOf = Effect.fnUntraced(function* ({ surge = 1, unavailable = 0 }: ReloadOptions) {
  for (const [option, value] of [
    ["surge", surge],
    ["unavailable", unavailable],
  ] as const) {
    if (!Number.isInteger(value) || value < 0) {
      return yield* Spec.invalid(option, value, "a whole number from 0")
    }
  }
  if (surge === 0 && unavailable === 0) {
    return yield* Spec.invalid("unavailable", 0, "at least 1 where surge is 0, or nothing can move")
  }
  return { surge, unavailable }
})

/** What the primary answers to every `ClusterWorker`. */
const answerWorkers = (engine: Engine) => {
  const freePorts = new Map<string | undefined, number>()
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
  const handlers = PrimaryRpcs.toLayer({
    FreePort: ({ host }) => portFor(host),
    Workers: () => engine.snapshots,
  })
  return engine.serve((channel) =>
    Effect.provide(Ipc.serveOn(PrimaryRpcs, channel, toPrimary), handlers),
  )
}

type Member = Launched & { readonly channel: Channel.Channel }

const canBeAsked = (launched: Launched): launched is Member => launched.channel !== undefined

export const make = Effect.fnUntraced(function* (
  engine: Engine,
  groups: ReadonlyArray<Group>,
  look: Spec.Look,
) {
  yield* answerWorkers(engine)
  yield* engine.begin

  const groupOf = (name: string | undefined) => {
    const index = name === undefined ? 0 : groups.findIndex((group) => group.name === name)
    return index < 0
      ? Effect.fail(new SupervisorError({ reason: new UnknownGroup({ group: name ?? "" }) }))
      : Effect.succeed(index)
  }

  const slotsOf = Effect.fnUntraced(function* ({ group, id }: Which) {
    const index = group === undefined ? undefined : yield* groupOf(group)
    const isMeant = (slot: Slot) =>
      (id === undefined || slot.id === id) && (index === undefined || slot.group === index)
    const found = engine.state().slots.filter(isMeant)
    if (id !== undefined && found.length === 0) {
      return yield* new SupervisorError({ reason: new UnknownWorker({ id }) })
    }
    return found.map((slot) => slot.id)
  })

  const reload = Effect.fn("Supervisor.reload")(function* (options: ReloadOptions = {}) {
    const { group: name, surge: _surge, unavailable: _unavailable, ...given } = options
    // Their type says so, too.
    if ("workers" in given && given.workers !== undefined) {
      return yield* Spec.invalid("workers", given.workers, "left to `scale`")
    }
    const group = yield* groupOf(name)
    const limits = yield* limitsOf(options)
    const changes = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    )
    const change = (current: Spec.Spec) => Spec.make({ ...current.options, ...changes }, look)
    // What makes no sense is refused at once, also while something else happens.
    yield* change(engine.specOf(group))
    yield* engine.ask({ _tag: "Reload", group, limits, change })
  })

  /** The newest process of a worker that can be asked. */
  const channelOf = Effect.fnUntraced(function* (id: number) {
    const found = engine.running(id).findLast(canBeAsked)
    if (found === undefined) {
      return yield* new SupervisorError({ reason: new UnknownWorker({ id }) })
    }
    return found.channel
  })

  const readyChannels = () =>
    engine.state().slots.flatMap(({ id }) =>
      engine
        .running(id)
        .slice(-1)
        .flatMap((one) => (canBeAsked(one) ? [[id, one.channel] as const] : [])),
    )

  const service: Supervisor["Service"] = {
    workers: engine.snapshots,
    events: engine.events,
    port: Effect.sync(engine.port),
    gaveUp: engine.gaveUp,
    stop: engine.stop,
    reload,
    scale: Effect.fn("Supervisor.scale")(function* (sizing, options = {}) {
      const group = yield* groupOf(options.group)
      const size = yield* sizeOf(sizing)
      yield* engine.ask({ _tag: "Scale", group, size })
    }),
    restart: Effect.fn("Supervisor.restart")(function* (which = {}) {
      // Whom it means is known when it begins; who has never been there is refused at once.
      yield* slotsOf(which)
      const group = which.group === undefined ? null : yield* groupOf(which.group)
      yield* engine.ask({ _tag: "Restart", slot: which.id ?? null, group })
    }),
    signal: Effect.fn("Supervisor.signal")(function* (signal, which = {}) {
      yield* Spec.checkSignal("signal", signal)
      for (const slot of yield* slotsOf(which)) {
        for (const launched of engine.running(slot)) launched.kill(signal)
      }
    }),
    ask: (group, id, tag, payload, options) =>
      Effect.scoped(
        Effect.gen(function* () {
          const channel = yield* channelOf(id)
          const one = yield* AskMany.make(group, [[id, channel]])
          return yield* one.one(id, tag, payload, options)
        }),
      ),
    broadcast: (group, tag, payload, options) =>
      Effect.scoped(
        Effect.flatMap(AskMany.make(group, readyChannels()), (all) =>
          all.allRecord(tag, payload, options),
        ),
      ),
    serve: Effect.fnUntraced(function* <Rpcs extends Rpc.Any>(group: RpcGroup.RpcGroup<Rpcs>) {
      const context = yield* Effect.context<
        Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>
      >()
      yield* engine.serve((channel) => Effect.provideContext(Ipc.serveOn(group, channel), context))
    }),
  }
  return service
})
