/**
 * The processes that run, by serial: starts them, and lets go of what belonged to one when it has
 * exited. Each has a Scope of its own inside that of the engine.
 */
import type { Channel } from "@manycore/ipc"
import { Effect, Exit, Scope } from "effect"

import type * as Fleet from "../fleet/Fleet.ts"
import type { Hooks, Launched, Launcher } from "../Launcher.ts"
import type { Spec } from "../Spec.ts"

/** Serves something to each worker, for as long as it lives. */
export type Service = (channel: Channel.Channel) => Effect.Effect<void>

interface Running extends Launched {
  readonly slot: number
  readonly scope: Scope.Closeable
}

export interface ProcessesOptions {
  readonly launcher: Launcher
  readonly scope: Scope.Scope
  readonly offer: (event: Fleet.Event) => unknown
  readonly onListening: (port: number) => void
  readonly now: () => number
}

export class Processes {
  private readonly options: ProcessesOptions
  private readonly running = new Map<number, Running>()
  private readonly services = new Set<Service>()

  constructor(options: ProcessesOptions) {
    this.options = options
  }

  get(serial: number): Launched | undefined {
    return this.running.get(serial)
  }

  /** Those of a place, the newest last. */
  ofSlot(slot: number): ReadonlyArray<Launched> {
    const ordered = [...this.running.entries()].toSorted(([a], [b]) => a - b)
    return ordered.flatMap(([, one]) => (one.slot === slot ? [one] : []))
  }

  /** A process that cannot even be forked has ended, and is told so. */
  launch(command: Extract<Fleet.Command, { _tag: "Fork" }>, spec: Spec): Effect.Effect<void> {
    const { launcher, now, offer, scope } = this.options
    const { index, serial, slot } = command
    const { running, services } = this
    const hooks = this.hooksOf(serial)
    return Effect.gen(function* () {
      const memberScope = yield* Scope.fork(scope)
      const launched = yield* launcher.launch(spec, { serial, slot, index }, hooks).pipe(
        Scope.provide(memberScope),
        Effect.onError(() => Scope.close(memberScope, Exit.void)),
      )
      running.set(serial, { ...launched, slot, scope: memberScope })
      offer({ _tag: "Forked", serial, pid: launched.pid })
      const { channel } = launched
      if (channel === undefined) return
      for (const service of services) yield* Effect.forkIn(service(channel), memberScope)
    }).pipe(
      Effect.catch(({ report }) =>
        Effect.sync(() => {
          const exit = { exitCode: null, signal: null, report, wasForked: false }
          offer({ _tag: "Exited", serial, ...exit, now: now() })
        }),
      ),
    )
  }

  /** Let go of what belonged to a process that has exited. */
  forget(serial: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      const gone = this.running.get(serial)
      this.running.delete(serial)
      return gone === undefined ? Effect.void : Scope.close(gone.scope, Exit.void)
    })
  }

  /** To those that run, and those to come. */
  serve(service: Service): Effect.Effect<void, never, Scope.Scope> {
    const { running, services } = this
    return Effect.gen(function* () {
      yield* Effect.acquireRelease(
        Effect.sync(() => services.add(service)),
        () => Effect.sync(() => services.delete(service)),
      )
      for (const { channel, scope } of running.values()) {
        if (channel !== undefined) yield* Effect.forkIn(service(channel), scope)
      }
    })
  }

  private hooksOf(serial: number): Hooks {
    const { now, offer, onListening } = this.options
    return {
      onReady: () => offer({ _tag: "Ready", serial, now: now() }),
      onListening,
      onDrained: () => offer({ _tag: "Drained", serial }),
      onPipeLost: () => offer({ _tag: "PipeLost", serial }),
      onExit: (exit) => offer({ _tag: "Exited", serial, ...exit, wasForked: true, now: now() }),
    }
  }
}
