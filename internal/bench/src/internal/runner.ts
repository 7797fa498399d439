/**
 * The process of one case in one round: loads the case file, sets up, checks, measures, closes, reports
 * on descriptor 3. It loads Effect only when a case answers with an effect, so that a raw case measures
 * itself and nothing of ours.
 *
 * How it ends: after the report it exits, whatever the case has left open; when the harness dies, its end
 * of the pipe closes and this process kills its whole group; a stuck one is killed by the harness.
 */
import { Socket } from "node:net"
import { inspect } from "node:util"

import type { Effect, Scope } from "effect"

import type { Answer, Case, Context, Make, Measurement } from "../Case.ts"
import { type Assignment, type Phase, descriptor } from "./protocol.ts"

const pipe = new Socket({ fd: descriptor })
pipe.resume()
pipe.on("error", () => pipe.destroy())
pipe.on("close", () => process.kill(-process.pid, "SIGKILL"))
pipe.unref()

const tell = (message: object): Promise<void> =>
  new Promise((told) => {
    pipe.write(`${JSON.stringify(message)}\n`, () => told())
  })

let scope: Scope.Closeable | undefined

const isEffect = (answer: unknown): answer is Effect.Effect<unknown, unknown, Scope.Scope> =>
  typeof answer === "object" && answer !== null && "~effect/Effect" in answer

const settle = async (answer: Answer<unknown>): Promise<unknown> => {
  if (!isEffect(answer)) return answer
  const { Effect, Scope } = await import("effect")
  scope ??= Scope.makeUnsafe()
  return Effect.runPromise(Scope.provide(answer, scope))
}

const isCase = (value: unknown): value is Case =>
  typeof value === "object" &&
  value !== null &&
  "check" in value &&
  typeof value.check === "function" &&
  "measure" in value &&
  typeof value.measure === "function"

const isMake = (value: unknown): value is Make => isCase(value) || typeof value === "function"

const isMeasurement = (value: unknown): value is Measurement =>
  typeof value === "object" &&
  value !== null &&
  "metric" in value &&
  typeof value.metric === "string" &&
  "unit" in value &&
  typeof value.unit === "string" &&
  "value" in value &&
  Number.isFinite(value.value)

let phase: Phase = "set up"

const enter = (next: Phase): void => {
  phase = next
  void tell({ _tag: "Entered", phase })
}

const load = async (file: string, context: Context): Promise<Case> => {
  const module: object = await import(file)
  const made: unknown = "default" in module ? module.default : undefined
  if (!isMake(made)) throw new Error(`${file} has no case as its default export`)
  const ready = typeof made === "function" ? await settle(made(context)) : made
  if (!isCase(ready)) throw new Error(`${file} made no case with check and measure`)
  return ready
}

const close = async (ready: Case, context: Context): Promise<void> => {
  await settle(ready.close?.(context))
  if (scope !== undefined) {
    const { Effect, Exit, Scope } = await import("effect")
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

const work = async (assignment: Assignment): Promise<ReadonlyArray<Measurement>> => {
  const { competitor, file, input, round, workload } = assignment
  const context: Context = { competitor, input, round, workload }
  enter("set up")
  const ready = await load(file, context)
  let measured: unknown
  try {
    enter("check")
    if ((await settle(ready.check(context))) === false) throw new Error("the check answered false")
    enter("measure")
    measured = await settle(ready.measure(context))
    if (!Array.isArray(measured) || measured.length === 0 || !measured.every(isMeasurement)) {
      throw new Error(
        `not a list of { metric, unit, value } with finite values: ${inspect(measured)}`,
      )
    }
  } catch (error) {
    await tell({ _tag: "Failed", phase, message: inspect(error) })
    await close(ready, context)
    process.exit(1)
  }
  enter("close")
  await close(ready, context)
  return measured
}

try {
  const assignment: Assignment = JSON.parse(process.argv[2] ?? "")
  const measurements = await work(assignment)
  await tell({ _tag: "Measured", measurements })
  process.exit(0)
} catch (error) {
  await tell({ _tag: "Failed", phase, message: inspect(error) })
  process.exit(1)
}
