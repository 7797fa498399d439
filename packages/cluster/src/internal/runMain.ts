/** A program with a supervisor as the main program of the process: its signals and its exit code. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Effect, Exit } from "effect"

import { sentence } from "./sentence.ts"
import { lastVerdict, running } from "./supervise.ts"
import { killAll } from "./WorkerProcess.ts"

/** Reloads on SIGHUP. Signals that come during a reload are one more reload, not many. */
const makeOnHangUp = () => {
  let asked = 0
  const reload = Effect.gen(function* () {
    while (asked > 0) {
      asked = 1
      const supervisor = running()
      if (supervisor !== undefined) {
        yield* Effect.catchCause(supervisor.reload(), (cause) =>
          Effect.sync(() => process.stderr.write(`${sentence(cause)}\n`)),
        )
      }
      asked--
    }
  })
  return () => {
    asked++
    if (asked === 1) Effect.runFork(reload)
  }
}

export const runMain = <A, E>(program: Effect.Effect<A, E>): void => {
  let signals = 0
  const onSignal = () => {
    signals++
    if (signals < 2) return
    killAll()
    process.exit(1)
  }
  const onHangUp = makeOnHangUp()
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  process.on("SIGHUP", onHangUp)
  NodeRuntime.runMain(program, {
    disableErrorReporting: true,
    teardown: (exit, onExit) => {
      process.off("SIGINT", onSignal)
      process.off("SIGTERM", onSignal)
      process.off("SIGHUP", onHangUp)
      const hasFailed = Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)
      if (hasFailed) process.stderr.write(`${sentence(exit.cause)}\n`)
      const { forced, gaveUp } = lastVerdict()
      onExit(hasFailed || forced > 0 || gaveUp ? 1 : 0)
    },
  })
}
