import { Worker } from "node:worker_threads"

import { assert, describe, it } from "@effect/vitest"
import {
  type Channel,
  Ipc,
  type IpcError,
  MemoryChannel,
  PortChannel,
  ProcessChannel,
} from "@manycore/ipc"
import { Census, Condition } from "@manycore/testkit"
import { Cause, Duration, Effect, Exit, Fiber, type Scope, Stream } from "effect"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import { expectTypeOf } from "vitest"

import * as AskMany from "../src/AskMany.ts"
import { Questions, Refused } from "./fixtures/askContract.ts"
import { handlers } from "./fixtures/askHandlers.ts"

interface Transport {
  readonly name: string
  readonly open: (name: string) => Effect.Effect<Channel.Channel, IpcError.IpcError, Scope.Scope>
  /** The workers are processes or threads of their own, which can exit. */
  readonly exits: boolean
}

const entry = new URL("./fixtures/askWorker.ts", import.meta.url)

const transports: ReadonlyArray<Transport> = [
  {
    name: "processes",
    open: (name) => ProcessChannel.fork(entry, { args: [name] }),
    exits: true,
  },
  {
    name: "threads",
    open: (name) =>
      Effect.acquireRelease(
        Effect.sync(() => new Worker(entry, { workerData: name })),
        (worker) => Effect.promise(() => worker.terminate()),
      ).pipe(Effect.flatMap((worker) => PortChannel.fromWorker(worker))),
    exits: true,
  },
  {
    name: "pairs in memory",
    open: (name) =>
      Effect.gen(function* () {
        const [one, two] = yield* MemoryChannel.make()
        yield* Effect.forkScoped(Effect.provide(Ipc.serveOn(Questions, two), handlers(name)))
        return one
      }),
    exits: false,
  },
]

const names = ["a", "b", "c"] as const

const connect = (open: Transport["open"]) =>
  Effect.flatMap(
    Effect.forEach(names, (name) => Effect.map(open(name), (channel) => [name, channel] as const), {
      concurrency: "unbounded",
    }),
    (channels) => AskMany.make(Questions, channels),
  )

/** The only error of an answer. */
const errorOf = <E>(exit: Exit.Exit<unknown, E>): E => {
  if (Exit.isSuccess(exit)) throw new Error("it succeeded")
  const error = exit.cause.reasons.find(Cause.isFailReason)
  if (error === undefined) throw new Error("it has no typed failure", { cause: exit.cause })
  return error.error
}

/** Handlers were interrupted, not only calls. */
const nobodyWaits = (
  many: AskMany.AskMany<(typeof names)[number], RpcGroup.Rpcs<typeof Questions>>,
) =>
  Condition.until("nobody waits", () =>
    Effect.map(many.allRecord("Waiting", undefined), (waiting) =>
      Object.values(waiting).every((exit) => Exit.isSuccess(exit) && exit.value === 0),
    ),
  )

const deadline = "300 millis"

for (const transport of transports) {
  describe(`over ${transport.name}`, () => {
    it.live("all are asked, and each answers under its key, also with its own error", () =>
      Effect.gen(function* () {
        const many = yield* connect(transport.open)
        const answers = yield* Stream.runCollect(many.all("Name", { refusing: ["b"] }))
        assert.strictEqual(answers.length, 3)
        const byKey = new Map(answers)
        assert.deepEqual(byKey.get("a"), Exit.succeed("a"))
        assert.deepEqual(byKey.get("c"), Exit.succeed("c"))
        const { b } = yield* many.allRecord("Name", { refusing: ["b"] })
        for (const exit of [b, byKey.get("b") ?? Exit.succeed("")]) {
          assert.instanceOf(errorOf(exit), Refused)
        }
      }).pipe(Effect.scoped),
    )

    it.live("a late one is a typed failure of its own, and its handler is told to stop", () =>
      Effect.gen(function* () {
        const many = yield* connect(transport.open)
        // All are ready, so that the deadline is the handler's alone.
        yield* many.allRecord("Waiting", undefined)
        const { a, b, c } = yield* many.allRecord("Only", { name: "b" }, { deadline })
        assert.deepEqual(b, Exit.succeed("b"))
        for (const [key, exit] of [
          ["a", a],
          ["c", c],
        ] as const) {
          const error = errorOf(exit)
          assert.deepInclude(error, { _tag: "LateAnswer", key, call: "Only", deadline: 300 })
          assert.strictEqual(
            error.message,
            `worker ${key} did not answer the call Only within 300 ms`,
          )
        }
        yield* nobodyWaits(many)
      }).pipe(Effect.scoped),
    )

    it.live("answers come as they arrive; who stops listening interrupts the rest", () =>
      Effect.gen(function* () {
        const many = yield* connect(transport.open)
        const first = yield* Stream.runHead(many.all("Only", { name: "c" }))
        assert.deepEqual(first.valueOrUndefined, ["c", Exit.succeed("c")])
        yield* nobodyWaits(many)
      }).pipe(Effect.scoped),
    )

    it.live("any: the first success counts, the rest is interrupted", () =>
      Effect.gen(function* () {
        const many = yield* connect(transport.open)
        assert.strictEqual(yield* many.any("Only", { name: "b" }), "b")
        yield* nobodyWaits(many)
        assert.strictEqual(yield* many.any("Name", { refusing: ["a", "b"] }), "c")
      }).pipe(Effect.scoped),
    )

    it.live("any fails with what each of them failed with", () =>
      Effect.gen(function* () {
        const many = yield* connect(transport.open)
        const error = yield* Effect.flip(many.any("Name", { refusing: [...names] }))
        assert.strictEqual(error._tag, "NoneSucceeded")
        assert.deepEqual(
          Array.from(error.failures, ([key, cause]) => [key, errorOf(Exit.failCause(cause))]),
          names.map((name) => [name, new Refused({ by: name })]),
        )
        const late = yield* Effect.flip(many.any("Only", { name: "nobody" }, { deadline }))
        assert.match(late.message, /^no worker succeeded in the call Only\nworker a: worker a did /)
        const bugs = yield* Effect.flip(many.any("Defect", undefined))
        assert.isTrue(Array.from(bugs.failures.values()).every(Cause.hasDies))
      }).pipe(Effect.scoped),
    )

    it.live("one is asked, by its key", () =>
      Effect.gen(function* () {
        const many = yield* connect(transport.open)
        assert.deepEqual(many.keys, names)
        for (const name of names) {
          assert.strictEqual(yield* many.one(name, "Name", { refusing: [] }), name)
        }
        const late = yield* Effect.flip(many.one("a", "Only", { name: "b" }, { deadline }))
        assert.strictEqual(late._tag, "LateAnswer")
      }).pipe(Effect.scoped),
    )

    if (!transport.exits) return

    it.live("a worker that dies in between is its own failure", () =>
      Effect.gen(function* () {
        const many = yield* connect(transport.open)
        const waiting = yield* Effect.forkChild(many.allRecord("Only", { name: "a" }))
        yield* Condition.until("two wait", () =>
          Effect.map(
            Effect.all([many.one("b", "Waiting", undefined), many.one("c", "Waiting", undefined)]),
            ([b, c]) => b + c === 2,
          ),
        )
        const exits = yield* many.allRecord("Exit", { names: ["b"] })
        assert.deepEqual(exits.a, Exit.succeed("a"))
        assert.deepEqual(exits.c, Exit.succeed("c"))
        const error = errorOf(exits.b)
        assert.isTrue(error._tag === "IpcError" && error.reason._tag === "PeerExited")
        assert.match(error.message, /^(process|thread) \d+ exited with code 3 \(call Exit\)$/)
        // The one that was asked before, and lives, is asked still.
        assert.isUndefined(waiting.pollUnsafe())
        yield* Fiber.interrupt(waiting)
        assert.strictEqual(yield* many.any("Name", { refusing: ["a"] }), "c")
        const later = yield* many.allRecord("Name", { refusing: [] })
        assert.deepEqual([later.a, later.c], [Exit.succeed("a"), Exit.succeed("c")])
        assert.strictEqual(errorOf(later.b)._tag, "IpcError")
      }).pipe(Effect.scoped),
    )
  })
}

describe("AskMany", () => {
  it.live("a worker that is killed while it is asked is its own failure, with the signal", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const [one, two] = yield* Effect.all(
        [
          ProcessChannel.fork(entry, { args: ["one"] }),
          ProcessChannel.fork(entry, { args: ["two"] }),
        ],
        { concurrency: 2 },
      )
      const many = yield* AskMany.make(
        Questions,
        new Map([
          [1, one],
          [2, two],
        ]),
      )
      const asking = yield* Effect.forkChild(many.allRecord("Only", { name: "one" }))
      yield* Condition.until("it waits", () => many.one(2, "Waiting", undefined))
      process.kill(two.pid, "SIGKILL")
      const answers = yield* Fiber.join(asking)
      assert.deepEqual(answers[1], Exit.succeed("one"))
      const killed = answers[2]
      assert.isDefined(killed)
      const error = errorOf(killed)
      assert.isTrue(error._tag === "IpcError" && error.reason._tag === "PeerExited")
      assert.include(error.message, "was ended by SIGKILL")
    }).pipe(Effect.scoped),
  )

  it.live("all are asked at once, however slow the reader", () =>
    Effect.gen(function* () {
      const [, , memory] = transports
      assert.isDefined(memory)
      const keys = Array.from({ length: 50 }, (_, i) => i)
      const channels = yield* Effect.forEach(keys, (key) =>
        Effect.map(memory.open(String(key)), (channel) => [key, channel] as const),
      )
      const many = yield* AskMany.make(Questions, channels)
      const reading = yield* Effect.forkChild(
        many.all("Only", { name: "7" }).pipe(Stream.runForEach(() => Effect.never)),
      )
      yield* Condition.until("all others wait", () =>
        Effect.map(
          Effect.forEach(keys, (key) => many.one(key, "Waiting", undefined)),
          (waiting) => waiting.reduce((sum, n) => sum + n, 0) === 49,
        ),
      )
      yield* Fiber.interrupt(reading)
    }).pipe(Effect.scoped),
  )

  it.live("a key that nobody has, and nobody at all, are typed failures", () =>
    Effect.gen(function* () {
      const nobody = yield* AskMany.make(Questions, new Map<string, Channel.Channel>())
      const unknown = yield* Effect.flip(nobody.one("x", "Name", { refusing: [] }))
      assert.strictEqual(unknown.message, "there is no worker x for the call Name")
      const none = yield* Effect.flip(nobody.any("Name", { refusing: [] }))
      assert.strictEqual(none.message, "there is no worker for the call Name")
      assert.deepEqual(yield* nobody.allRecord("Name", { refusing: [] }), {})
      assert.deepEqual(yield* Stream.runCollect(nobody.all("Name", { refusing: [] })), [])
    }).pipe(Effect.scoped),
  )

  it.live("a worker that serves nothing is late, with or without a deadline of the call", () =>
    Effect.gen(function* () {
      const [one] = yield* MemoryChannel.make()
      const many = yield* AskMany.make(Questions, [["mute", one]], { serveTimeout: "200 millis" })
      const { mute } = yield* many.allRecord("Name", { refusing: [] }, { deadline: "50 millis" })
      assert.strictEqual(errorOf(mute)._tag, "LateAnswer")
      const error = errorOf((yield* many.allRecord("Name", { refusing: [] })).mute)
      assert.isTrue(error._tag === "IpcError" && error.reason._tag === "NotServed")
    }).pipe(Effect.scoped),
  )

  it("is typed by the contract", () => {
    type Rpcs = RpcGroup.Rpcs<typeof Questions>
    const many = AskMany.fromClients<"a" | 1, Rpcs>([])
    const ask = () => many.one("a", "Name", { refusing: [] })
    type Failure = Refused | IpcError.IpcError | AskMany.LateAnswer
    expectTypeOf(ask).returns.toEqualTypeOf<
      Effect.Effect<string, Failure | AskMany.UnknownWorker>
    >()
    const all = () => many.all("Waiting", undefined)
    expectTypeOf(all).returns.toEqualTypeOf<
      Stream.Stream<readonly ["a" | 1, Exit.Exit<number, IpcError.IpcError | AskMany.LateAnswer>]>
    >()
    const any = () => many.any("Name", { refusing: [] }, { deadline: Duration.seconds(1) })
    expectTypeOf(any).returns.toEqualTypeOf<
      Effect.Effect<string, AskMany.NoneSucceeded<"a" | 1, Failure>>
    >()
    const record = () => many.allRecord("Name", { refusing: [] })
    expectTypeOf(record).returns.toEqualTypeOf<
      Effect.Effect<Readonly<Record<"a" | 1, Exit.Exit<string, Failure>>>>
    >()
    // @ts-expect-error a key that no worker has
    void (() => many.one("b", "Name", { refusing: [] }))
    // @ts-expect-error a payload of the wrong type
    void (() => many.all("Name", { refusing: "a" }))
    // @ts-expect-error a stream has more than one answer
    void (() => many.all("Count", { to: 3 }))
  })
})
