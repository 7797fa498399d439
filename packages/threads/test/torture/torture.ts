/**
 * A seeded storm over a pool: random tasks that answer, throw, refuse, exit, spin, ignore their signal
 * or move bytes; random aborts, timeouts and threads that come and go. At its end every task has had
 * exactly one outcome, no result is wrong, and no thread is left. Long on demand:
 *
 *     node --conditions=@manycore/source test/torture/torture.ts [seed] [tasks]
 */
import { createHash } from "node:crypto"
import { pathToFileURL } from "node:url"

import { Pool, SharedCounter } from "@manycore/threads"
import { Cause, Effect, Exit, Fiber } from "effect"

import { Laws } from "../fixtures/Laws.ts"

/** Numbers from 0 to 1 that a seed determines (mulberry32). */
const random = (seed: number) => (): number => {
  seed = (seed + 0x6d_2b_79_f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}

export interface Report {
  readonly tasks: number
  /** How many had which outcome. */
  readonly outcomes: Readonly<Record<string, number>>
  /** What should not have been. */
  readonly faults: ReadonlyArray<string>
  readonly stats: Pool.Stats
}

/** One task of the storm, and which outcomes are right for it. */
interface Shot {
  readonly name: string
  readonly effect: Effect.Effect<unknown, unknown>
  readonly isRight: (exit: Exit.Exit<unknown, unknown>) => boolean
}

const succeedsWith = (wanted: unknown) => (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit) && exit.value === wanted

const failsAs =
  (...tags: ReadonlyArray<string>) =>
  (exit: Exit.Exit<unknown, unknown>) =>
    tags.includes(nameOf(exit))

/** The outcome in one word. */
const nameOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "success"
  if (Cause.hasInterruptsOnly(exit.cause)) return "interrupted"
  const error: unknown = Cause.squash(exit.cause)
  if (typeof error !== "object" || error === null) return String(error)
  const reason: unknown = Reflect.get(error, "reason")
  const named = typeof reason === "object" && reason !== null ? reason : error
  return String(Reflect.get(named, "_tag") ?? Reflect.get(named, "name"))
}

const shotOf = (tasks: Pool.Pool<LawsRpcs>["tasks"], dice: () => number, i: number): Shot => {
  const kind = dice()
  const counter = SharedCounter.make()
  if (kind < 0.6) {
    return { name: "Add", effect: tasks.Add({ a: i, b: 1 }), isRight: succeedsWith(i + 1) }
  }
  if (kind < 0.7) {
    const bytes = new Uint8Array(1 + Math.floor(dice() * 5000)).fill(i % 200)
    const hash = createHash("sha1").update(bytes).digest("hex")
    const effect = Effect.map(tasks.Move({ bytes }), (back) =>
      createHash("sha1").update(back).digest("hex"),
    )
    // What has moved to a thread that dies before it starts cannot run elsewhere.
    const isRight = (exit: Exit.Exit<unknown, unknown>) =>
      succeedsWith(hash)(exit) || failsAs("ThreadExited")(exit)
    return { name: "Move", effect, isRight }
  }
  if (kind < 0.78) {
    return {
      name: "Throw",
      effect: tasks.Throw({ message: `${i}` }),
      isRight: failsAs("RangeError"),
    }
  }
  if (kind < 0.86) {
    return { name: "Refuse", effect: tasks.Refuse({ why: `${i}` }), isRight: failsAs("Refused") }
  }
  if (kind < 0.9) {
    const effect = tasks.Sleep({ counter, millis: 1 + dice() * 3 })
    return { name: "Sleep", effect, isRight: (exit) => nameOf(exit) !== "PoolClosed" }
  }
  if (kind < 0.96) {
    const millis = 1 + dice() * 4
    const effect = tasks.Burn({ millis })
    return { name: "Burn", effect, isRight: (exit) => Exit.isSuccess(exit) }
  }
  if (kind < 0.98) {
    return { name: "Exit", effect: tasks.Exit({ code: 3 }), isRight: failsAs("ThreadExited") }
  }
  const effect = Effect.timeoutOrElse(tasks.Spin({ counter }), {
    duration: 30 + dice() * 40,
    orElse: () => Effect.fail({ _tag: "Timeout" }),
  })
  return { name: "Spin", effect, isRight: failsAs("Timeout") }
}

type LawsRpcs = typeof Laws extends { readonly requests: ReadonlyMap<string, infer R> } ? R : never

/** Runs a storm of so many tasks. */
export const storm = (seed: number, tasks: number, entry: URL): Effect.Effect<Report, unknown> =>
  Effect.gen(function* () {
    const dice = random(seed)
    const pool = yield* Pool.make(Laws, {
      entry,
      minThreads: 2,
      maxThreads: 4,
      idleTimeout: 50,
      grace: 20,
      spares: 1,
      recycle: { afterTasks: 500 },
      queue: { capacity: 300 },
    })
    const faults: Array<string> = []
    const outcomes: Record<string, number> = {}
    const shoot = (i: number) =>
      Effect.gen(function* () {
        const { effect, isRight, name } = shotOf(pool.tasks, dice, i)
        const willAbort = dice() < 0.1
        const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
        if (willAbort) {
          yield* Effect.sleep(dice() * 5)
          yield* Fiber.interrupt(fiber)
        }
        const exit = yield* Fiber.await(fiber)
        const outcome = nameOf(exit)
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
        if (!isRight(exit) && !(willAbort && outcome === "interrupted")) {
          faults.push(`task ${i}, ${name}, had the outcome ${outcome}`)
        }
      })
    yield* Effect.forEach(
      Array.from({ length: tasks }, (_, i) => i),
      shoot,
      { concurrency: 600 },
    )
    return { pool, faults, outcomes }
  }).pipe(
    Effect.scoped,
    Effect.flatMap(({ faults, outcomes, pool }) =>
      Effect.map(pool.stats, (stats) => ({ tasks, outcomes, faults, stats })),
    ),
  )

const entry = new URL("../fixtures/laws.bare.ts", import.meta.url)

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [seed = "1", tasks = "20000"] = process.argv.slice(2)
  const report = await Effect.runPromise(storm(Number(seed), Number(tasks), entry))
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
  process.exitCode = report.faults.length === 0 ? 0 : 1
}
