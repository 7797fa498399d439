import * as ChildProcess from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import { Ipc, ProcessChannel } from "@manycore/ipc"
import { Census, Condition } from "@manycore/testkit"
import { Effect, Fiber } from "effect"

import { Contract } from "./fixtures/Contract.ts"

const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url)

describe("ProcessChannel", () => {
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
      const child = ChildProcess.spawn(
        process.execPath,
        [...process.execArgv, fileURLToPath(fixture("process.ts"))],
        { stdio: ["ignore", "pipe", "pipe"] },
      )
      let output = ""
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk) => {
          output += String(chunk)
        })
      }
      const [code] = yield* Effect.promise(() => once(child, "close"))
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
