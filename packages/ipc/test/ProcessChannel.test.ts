import * as ChildProcess from "node:child_process"
import cluster from "node:cluster"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Ipc, ProcessChannel } from "@manycore/ipc"
import { Census, Condition } from "@manycore/testkit"
import { Effect, Fiber } from "effect"

import { runAlone } from "./fixtures/alone.ts"
import { Contract } from "./fixtures/Contract.ts"

const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url)

/** A path where there is no file yet. */
const newFile = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "process-channel-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
  ),
  (folder) => join(folder, "file"),
)

const sleep = (millis: number) =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)

/** A worker of the test's own, with these settings and this environment. */
const clusterWorker = (settings: cluster.ClusterSettings, env?: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      // What a call does not name stays as an earlier one has set it.
      cluster.setupPrimary({
        stdio: undefined,
        ...settings,
        exec: fileURLToPath(fixture("process.ts")),
      })
      return cluster.fork(env)
    }),
    (worker) =>
      Effect.promise(async () => {
        if (worker.isDead()) return
        const exited = once(worker, "exit")
        worker.process.kill("SIGKILL")
        await exited
      }),
  )

describe("a worker of node:cluster", () => {
  it.live("that has no pipe is a NoPipe which says how to fork it", () =>
    Effect.gen(function* () {
      const worker = yield* clusterWorker({})
      const error = yield* Effect.flip(ProcessChannel.fromClusterWorker(worker))
      assert.strictEqual(error.reason._tag, "NoPipe")
      assert.include(error.message, "cluster.setupPrimary(ProcessChannel.clusterSettings())")
    }).pipe(Effect.scoped),
  )

  it.live(
    "that was not told of its pipe is cut off with a sentence that says what is missing",
    () =>
      Effect.gen(function* () {
        const worker = yield* clusterWorker(ProcessChannel.clusterSettings())
        const channel = yield* ProcessChannel.fromClusterWorker(worker)
        const reason = yield* channel.closed
        assert.strictEqual(reason._tag, "ProtocolViolation")
        assert.include(reason.message, "ProcessChannel.clusterEnv()")
      }).pipe(Effect.scoped),
  )

  it.live("has one channel over its pipe, and another one over Node's own", () =>
    Effect.gen(function* () {
      const worker = yield* clusterWorker(
        ProcessChannel.clusterSettings(),
        ProcessChannel.clusterEnv(),
      )
      const channel = yield* ProcessChannel.fromClusterWorker(worker)
      assert.strictEqual(channel.pid, worker.process.pid)
      const error = yield* Effect.flip(ProcessChannel.fromClusterWorker(worker))
      assert.strictEqual(error.reason._tag, "NoPipe")
      const client = yield* Ipc.client(Contract, channel)
      assert.strictEqual(yield* client.Pid(), worker.process.pid)
    }).pipe(Effect.scoped),
  )
})

describe("ProcessChannel", () => {
  it.live("a grandchild does not take the pipe of its parent for its own", () =>
    Effect.gen(function* () {
      const file = yield* newFile
      const channel = yield* ProcessChannel.fork(fixture("family.ts"), {
        args: ["grandparent", file],
      })
      const reason = yield* channel.closed
      assert.deepInclude(reason, { _tag: "PeerExited", exitCode: 0, signal: null })
      assert.strictEqual(readFileSync(file, "utf8"), `of ${channel.pid}`)
      assert.strictEqual(channel.link.stats.received, 0)
    }).pipe(Effect.scoped),
  )

  it.live("a loop that was blocked while its child exited still learns the exit code", () =>
    Effect.gen(function* () {
      const file = yield* newFile
      const channel = yield* ProcessChannel.fork(fixture("family.ts"), { args: ["leaver", file] })
      // The pipe closes first; then nothing is seen until long after the exit.
      channel.process.stdio[4]?.once("close", () => {
        while (!existsSync(file)) sleep(10)
        sleep(1500)
      })
      const reason = yield* channel.closed
      assert.deepInclude(reason, { _tag: "PeerExited", exitCode: 7, signal: null })
    }).pipe(Effect.scoped),
  )

  it.live("kill -9 fails the calls in flight with the signal", () =>
    Effect.gen(function* () {
      const channel = yield* ProcessChannel.fork(fixture("process.ts"))
      const client = yield* Ipc.client(Contract, channel)
      const call = yield* Effect.forkChild(Effect.flip(client.Hang()))
      assert.strictEqual(yield* client.Pid(), channel.pid)
      process.kill(channel.pid, "SIGKILL")
      const error = yield* Fiber.join(call)
      assert.deepInclude(error.reason, { _tag: "PeerExited", exitCode: null, signal: "SIGKILL" })
      assert.strictEqual(error.message, `process ${channel.pid} was ended by SIGKILL (call Hang)`)
    }).pipe(Effect.scoped),
  )

  it.live("a child that ignores everything is killed after closeTimeout and gone", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const pid = yield* Effect.scoped(
        Effect.map(
          ProcessChannel.fork(fixture("stubborn.ts"), { closeTimeout: "200 millis" }),
          (channel) => channel.pid,
        ),
      )
      assert.isFalse(yield* Census.alive(pid))
    }).pipe(Effect.scoped),
  )

  it.live("a file that does not exist is a SpawnFailed which names it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.scoped(ProcessChannel.fork("/no/such/worker.js")))
      assert.strictEqual(error.reason._tag, "SpawnFailed")
      assert.strictEqual(
        error.message,
        "/no/such/worker.js could not be started: there is no such file",
      )
    }),
  )

  it.live("arguments that no process can have are a SpawnFailed", () =>
    Effect.gen(function* () {
      const fork = ProcessChannel.fork(fixture("process.ts"), { args: ["a\0b"] })
      const error = yield* Effect.flip(Effect.scoped(fork))
      assert.strictEqual(error.reason._tag, "SpawnFailed")
    }),
  )

  it.live("a process that nobody forked is told so", () =>
    Effect.gen(function* () {
      const { code, output } = yield* runAlone("process.ts")
      assert.strictEqual(code, 1)
      assert.include(output, "start this file with ProcessChannel.fork")
    }),
  )

  it.live("messages that are not ours pass by untouched", () =>
    Effect.gen(function* () {
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          ChildProcess.fork(fileURLToPath(fixture("chatty.ts")), { serialization: "advanced" }),
        ),
        (child) =>
          Effect.promise(async () => {
            const exited = once(child, "exit")
            child.kill("SIGKILL")
            await exited
          }),
      )
      const client = yield* Ipc.client(Contract, yield* ProcessChannel.fromChild(child))
      assert.strictEqual(yield* client.Pid(), child.pid)
      const heard: Array<unknown> = []
      child.on("message", (message) => heard.push(message))
      child.send("ping")
      yield* Condition.until("the child answers outside of our channel", () =>
        heard.includes("pong"),
      )
      assert.strictEqual(yield* client.Pid(), child.pid)
    }).pipe(Effect.scoped),
  )
})
