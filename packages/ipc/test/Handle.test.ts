import { once } from "node:events"
import * as Net from "node:net"

import { assert, describe, it } from "@effect/vitest"
import { Census, Condition } from "@manycore/testkit"
import { Effect, Fiber, Schema, Stream } from "effect"

import * as Handle from "../src/Handle.ts"
import { runAlone } from "./fixtures/alone.ts"
import { Greeting } from "./fixtures/HandleMessage.ts"
import {
  busyChild,
  connect,
  descriptors,
  ended,
  greeting,
  heardBy,
  isUsable,
  listening,
  type Pair,
  portOf,
  start,
} from "./fixtures/handlePairs.ts"

describe("Handle", () => {
  for (const serialization of ["json", "advanced"] as const) {
    it.live(`a socket and its message arrive in a child (${serialization}), unread bytes too`, () =>
      Effect.gen(function* () {
        yield* Census.guard()
        const child = yield* start("answer", serialization)
        const server = yield* listening()
        const pair = yield* connect(server)
        pair.client.write("early ")
        const sending = Handle.to(child, Greeting).send(greeting("hello"), pair.socket)
        pair.client.write("bird\n")
        yield* sending
        assert.isTrue(pair.socket.destroyed)
        yield* ended(pair)
        assert.strictEqual(pair.inbox.text, `hello 77 a+b from ${child.pid}: early bird\n`)
      }).pipe(Effect.scoped),
    )
  }

  it.live("500 sockets in a row are all answered, and no descriptor is left", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("answer")
      const handles = Handle.to(child, Greeting)
      const server = yield* listening()
      const one = (index: number) =>
        Effect.scoped(
          Effect.gen(function* () {
            const pair = yield* connect(server)
            pair.client.write(`${index}\n`)
            yield* handles.send(greeting(`n${index}`), pair.socket)
            yield* ended(pair)
            assert.strictEqual(pair.inbox.text, `n${index} 77 a+b from ${child.pid}: ${index}\n`)
          }),
        )
      yield* one(-1)
      const before = yield* Census.sockets()
      for (let index = 0; index < 500; index++) yield* one(index)
      yield* Condition.until(
        "the sockets of both processes are closed",
        () => Effect.map(Census.sockets(), (now) => now.length <= before.length),
        { state: () => before },
      )
    }).pipe(Effect.scoped),
  )

  it.live("two concurrent senders lose nothing", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("answer")
      const server = yield* listening()
      const sender = (name: string, pairs: ReadonlyArray<Pair>) =>
        Effect.forEach(pairs, (pair) =>
          Handle.to(child, Greeting).send(greeting(name), pair.socket),
        )
      const pairs: Array<Pair> = []
      for (let index = 0; index < 200; index++) {
        const pair = yield* connect(server)
        pair.client.write(`${index}\n`)
        pairs.push(pair)
      }
      yield* Effect.all([sender("left", pairs.slice(0, 100)), sender("right", pairs.slice(100))], {
        concurrency: 2,
      })
      for (const [index, pair] of pairs.entries()) {
        const name = index < 100 ? "left" : "right"
        yield* ended(pair)
        assert.strictEqual(pair.inbox.text, `${name} 77 a+b from ${child.pid}: ${index}\n`)
      }
    }).pipe(Effect.scoped),
  )

  it.live("kill -9 before the child took it gives the handle back, usable", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { child, heard, server } = yield* busyChild
      const handles = Handle.to(child, Greeting)
      const pair = yield* connect(server)
      pair.client.write("question\n")
      const fiber = yield* Effect.forkChild(
        Effect.flip(handles.send(greeting("second"), pair.socket)),
      )
      yield* Condition.until("the handle is in the child", () => heard.length === 2)
      child.kill("SIGKILL")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error.reason._tag, "HandleReturned")
      assert.strictEqual(
        error.message,
        `process ${child.pid} was ended by SIGKILL before it took the handle, which came back`,
      )
      yield* isUsable(pair)
      const third = yield* connect(server)
      const late = yield* Effect.flip(handles.send(greeting("third"), third.socket))
      assert.strictEqual(late.reason._tag, "PeerGone")
      assert.include(late.message, "SIGKILL")
    }).pipe(Effect.scoped),
  )

  it.live("a returned socket can be passed to another child", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { child: dying, heard, server } = yield* busyChild
      const pair = yield* connect(server)
      pair.client.write("still here\n")
      const living = yield* start("answer")
      const fiber = yield* Handle.to(dying, Greeting)
        .send(greeting("one"), pair.socket)
        .pipe(
          Effect.catchReason("HandleError", "HandleReturned", () =>
            Handle.to(living, Greeting).send(greeting("two"), pair.socket),
          ),
          Effect.forkChild,
        )
      yield* Condition.until("the handle is in the child", () => heard.length === 2)
      dying.kill("SIGKILL")
      yield* Fiber.join(fiber)
      yield* ended(pair)
      assert.strictEqual(pair.inbox.text, `two 77 a+b from ${living.pid}: still here\n`)
    }).pipe(Effect.scoped),
  )

  it.live("200 sends that come back leak no descriptor, here or in the child", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { child, heard, server } = yield* busyChild
      const pair = yield* connect(server)
      pair.client.write("question\n")
      const before = yield* Census.sockets()
      const descriptorsBefore = process.platform === "linux" ? descriptors() : 0
      const hasty = Handle.to(child, Greeting, { timeout: "5 millis" })
      for (let index = 0; index < 200; index++) {
        const error = yield* Effect.flip(hasty.send(greeting("again"), pair.socket))
        assert.deepInclude(error.reason, { _tag: "Refused", why: "NotTaken" })
      }
      if (process.platform === "linux") assert.isAtMost(descriptors(), descriptorsBefore)
      yield* Condition.until("the child has closed every copy", () =>
        Effect.map(Census.sockets(), (now) => now.length <= before.length),
      )
      yield* Condition.until(
        "the child has heard that each was withdrawn",
        () => heard.filter(({ saw }) => saw === "withdraw").length === 200,
      )
      yield* isUsable(pair)
    }).pipe(Effect.scoped),
  )

  it.live("a child that never receives is sent nothing, and refused after the deadline", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("", "json", "stubborn.ts")
      const pair = yield* connect(yield* listening())
      pair.client.write("question\n")
      const handles = Handle.to(child, Greeting, { timeout: "300 millis" })
      const error = yield* Effect.flip(handles.send(greeting("hello"), pair.socket))
      assert.deepInclude(error.reason, { _tag: "Refused", why: "NotListening" })
      yield* isUsable(pair)
    }).pipe(Effect.scoped),
  )

  it.live("a child that begins to receive later gets what was waiting", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("late")
      const pair = yield* connect(yield* listening())
      pair.client.write("x\n")
      const fiber = yield* Effect.forkChild(
        Handle.to(child, Greeting).send(greeting("hello"), pair.socket),
      )
      child.send("receive")
      yield* Fiber.join(fiber)
      yield* ended(pair)
      assert.strictEqual(pair.inbox.text, `hello 77 a+b from ${child.pid}: x\n`)
    }).pipe(Effect.scoped),
  )

  it.live(
    "a message that does not fit the receiver's Schema is refused, the handle comes back",
    () =>
      Effect.gen(function* () {
        yield* Census.guard()
        const child = yield* start("other")
        const pair = yield* connect(yield* listening())
        pair.client.write("question\n")
        const error = yield* Effect.flip(
          Handle.to(child, Greeting).send(greeting("hello"), pair.socket),
        )
        assert.deepInclude(error.reason, { _tag: "Refused", why: "InvalidMessage" })
        assert.include(error.message, "number")
        yield* isUsable(pair)
      }).pipe(Effect.scoped),
  )

  it.live("a message that cannot be encoded leaves the handle alone", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("answer")
      const pair = yield* connect(yield* listening())
      pair.client.write("question\n")
      const wrong = yield* Effect.flip(
        Handle.to(child, Schema.Struct({ even: Schema.Int })).send({ even: 0.5 }, pair.socket),
      )
      assert.strictEqual(wrong.reason._tag, "InvalidMessage")
      const foreign = yield* Effect.flip(
        Handle.to(child, Schema.Unknown).send(() => 1, pair.socket),
      )
      assert.strictEqual(foreign.reason._tag, "InvalidMessage")
      yield* isUsable(pair)
    }).pipe(Effect.scoped),
  )

  it.live("a socket that is read from is refused, whether bytes have come or not", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("answer")
      const handles = Handle.to(child, Greeting)
      const server = yield* listening({})
      const reason = (socket: Net.Socket) =>
        Effect.map(Effect.flip(handles.send(greeting("hello"), socket)), ({ reason }) => reason)

      const read = yield* connect(server)
      assert.deepInclude(yield* reason(read.socket), {
        _tag: "NotPaused",
        detail: "this process reads from it",
      })
      read.client.write("question\n")
      yield* Condition.until("the bytes have come", () => read.socket.readableLength === 9)
      assert.deepInclude(yield* reason(read.socket), {
        _tag: "NotPaused",
        detail: "9 bytes were read from it already",
      })
      yield* isUsable(read)

      const flowing = yield* connect(server)
      flowing.socket.resume()
      assert.strictEqual((yield* reason(flowing.socket))._tag, "NotPaused")
      flowing.socket.pause()
      assert.strictEqual((yield* reason(flowing.socket))._tag, "NotPaused")
      flowing.socket.destroy()
      assert.strictEqual((yield* reason(flowing.socket))._tag, "NotOpen")
    }).pipe(Effect.scoped),
  )

  it.live("what no process can get from another is Unsupported", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("answer")
      const path = `/tmp/manycore-handle-${process.pid}.sock`
      const server = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const server = Net.createServer()
          server.listen(path)
          await once(server, "listening")
          return server
        }),
        (server) => Effect.sync(() => server.close()),
      )
      const error = yield* Effect.flip(Handle.to(child, Greeting).send(greeting("x"), server))
      assert.strictEqual(error.reason._tag, "Unsupported")
      assert.isTrue(server.listening)
    }).pipe(Effect.scoped),
  )

  it.live("a server moves to the child, which accepts on it", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("answer")
      const server = yield* listening()
      const port = portOf(server)
      yield* Handle.to(child, Greeting).send(greeting("served"), server)
      assert.isFalse(server.listening)
      for (let index = 0; index < 20; index++) {
        let text = ""
        const client = Net.connect(port, "127.0.0.1")
        client.on("data", (chunk) => {
          text += String(chunk)
        })
        yield* Effect.promise(() => once(client, "close"))
        assert.strictEqual(text, `served 77 a+b from ${child.pid}`)
      }
    }).pipe(Effect.scoped),
  )

  it.live("a child gives its server to the parent; the Scope closes it", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("giver")
      const heard = heardBy(child)
      const server = yield* Effect.scoped(
        Effect.gen(function* () {
          const [received] = yield* Stream.runCollect(
            Stream.take(Handle.to(child, Greeting).receive, 1),
          )
          assert.isDefined(received)
          if (!(received.handle instanceof Net.Server)) return assert.fail("not a server")
          const { handle, message } = received
          assert.strictEqual(message.text, `port ${portOf(handle)}`)
          yield* Condition.until("the child knows", () => heard.length > 0)
          assert.deepStrictEqual(heard, [{ given: true }])
          handle.on("connection", (socket) => socket.end(`parent ${process.pid}`))
          let text = ""
          const client = Net.connect(portOf(handle), "127.0.0.1")
          client.on("data", (chunk) => {
            text += String(chunk)
          })
          yield* Effect.promise(() => once(client, "close"))
          assert.strictEqual(text, `parent ${process.pid}`)
          return handle
        }),
      )
      assert.isFalse(server.listening)
    }).pipe(Effect.scoped),
  )

  it.live("a child that gives while nobody here receives is refused, and keeps its server", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("giver")
      const heard = heardBy(child)
      yield* Condition.until("the child was refused", () => heard.length > 0, {
        deadline: "10 seconds",
      })
      assert.deepStrictEqual(heard, [{ failed: "Refused" }])
    }).pipe(Effect.scoped),
  )

  it.live("a received socket that is still open is destroyed with the Scope", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("closer")
      const heard = heardBy(child)
      const exited = once(child, "exit")
      const pair = yield* connect(yield* listening())
      yield* Handle.to(child, Greeting).send(greeting("x"), pair.socket)
      yield* ended(pair)
      yield* Effect.promise(() => exited)
      assert.deepStrictEqual(heard, [{ closed: true }])
    }).pipe(Effect.scoped),
  )

  it.live("what the program says itself stays in order around handles and sees none of ours", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("chatty")
      const heard = heardBy(child)
      const handles = Handle.to(child, Greeting)
      const server = yield* listening()
      for (let index = 0; index < 50; index++) {
        const pair = yield* connect(server)
        pair.client.write("x\n")
        child.send({ before: index })
        const fiber = yield* Effect.forkChild(handles.send(greeting("hello"), pair.socket), {
          startImmediately: true,
        })
        child.send({ behind: index })
        yield* Fiber.join(fiber)
        yield* ended(pair)
        assert.include(pair.inbox.text, "hello")
      }
      yield* Condition.until("the child repeated everything", () => heard.length === 100)
      assert.deepStrictEqual(
        heard,
        Array.from({ length: 100 }, (_, index) => ({
          repeated: index % 2 === 0 ? { before: index / 2 } : { behind: (index - 1) / 2 },
          withHandle: false,
        })),
      )
    }).pipe(Effect.scoped),
  )

  it.live("interrupted before it left, nothing happened; after, it waits for the outcome", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const { child, heard, server } = yield* busyChild
      const handles = Handle.to(child, Greeting, { timeout: "400 millis" })

      const left = yield* connect(server)
      const leaving = yield* Effect.forkChild(handles.send(greeting("left"), left.socket))
      yield* Condition.until("the handle is in the child", () => heard.length === 2)
      const waiting = yield* connect(server)
      const queued = yield* Effect.forkChild(handles.send(greeting("queued"), waiting.socket), {
        startImmediately: true,
      })
      yield* Fiber.interrupt(queued)
      assert.strictEqual(heard.length, 2)
      waiting.client.write("question\n")
      yield* isUsable(waiting)

      yield* Fiber.interrupt(leaving)
      assert.isFalse(left.socket.destroyed)
      yield* Condition.until("the child has heard of it", () => heard.length === 3)
      assert.deepStrictEqual(heard, [{ saw: "offer" }, { saw: "offer" }, { saw: "withdraw" }])
      left.client.write("question\n")
      yield* isUsable(left)
    }).pipe(Effect.scoped),
  )

  it.live("a peer that speaks nonsense in our name harms nobody", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("answer")
      const server = yield* listening()
      const handles = Handle.to(child, Greeting)
      const pair = yield* connect(server)
      const cmd = "NODE_MANYCORE_HANDLE"
      for (const op of ["commit", "withdraw", "accept", "refuse", "offer", "dance"]) {
        child.send({ cmd, op })
        child.send({ cmd, op, id: 7 })
        child.send({ cmd, op, id: 7, name: "handle", kind: "socket", halfOpen: false, body: "?" })
      }
      pair.client.write("x\n")
      yield* handles.send(greeting("hello"), pair.socket)
      yield* ended(pair)
      assert.include(pair.inbox.text, "hello")
    }).pipe(Effect.scoped),
  )

  it.live("a frozen child does not get the handle after all when it wakes", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("answer")
      const server = yield* listening()
      const handles = Handle.to(child, Greeting, { timeout: "2 seconds" })
      const first = yield* connect(server)
      first.client.write("x\n")
      yield* handles.send(greeting("first"), first.socket)
      yield* ended(first)
      const before = yield* Census.sockets()
      const pair = yield* connect(server)
      child.kill("SIGSTOP")
      const error = yield* Effect.flip(handles.send(greeting("second"), pair.socket))
      assert.deepInclude(error.reason, { _tag: "Refused", why: "NotTaken" })
      child.kill("SIGCONT")
      const third = yield* connect(server)
      third.client.write("x\n")
      yield* handles.send(greeting("third"), third.socket)
      yield* ended(third)
      assert.strictEqual(third.inbox.text, `third 77 a+b from ${child.pid}: x\n`)
      yield* Condition.until("the child has closed its copy", () =>
        Effect.map(Census.sockets(), (now) => now.length <= before.length + 2),
      )
      pair.client.write("question\n")
      yield* isUsable(pair)
    }).pipe(Effect.scoped),
  )

  it.live(
    "a channel that is closed here gives the handle back, and the child closes its copy",
    () =>
      Effect.gen(function* () {
        yield* Census.guard()
        const { child, heard, server } = yield* busyChild
        const handles = Handle.to(child, Greeting)
        const pair = yield* connect(server)
        const before = yield* Census.sockets(child.pid)
        const fiber = yield* Effect.forkChild(Effect.flip(handles.send(greeting("x"), pair.socket)))
        yield* Condition.until("the handle is in the child", () => heard.length === 2)
        child.disconnect()
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error.reason._tag, "HandleReturned")
        yield* Condition.until("the child has closed its copy", () =>
          Effect.map(Census.sockets(child.pid), (now) => now.length <= before.length),
        )
        pair.client.write("question\n")
        yield* isUsable(pair)
      }).pipe(Effect.scoped),
  )

  it.live("a child that dies before it receives anything is PeerGone with its exit code", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("", "json", "handleDead.ts")
      const pair = yield* connect(yield* listening())
      const error = yield* Effect.flip(
        Handle.to(child, Greeting).send(greeting("hello"), pair.socket),
      )
      assert.strictEqual(error.reason._tag, "PeerGone")
      assert.strictEqual(error.message, `process ${child.pid} exited with code 3`)
      pair.client.write("question\n")
      yield* isUsable(pair)
    }).pipe(Effect.scoped),
  )

  it.live("a server that was passed can serve http", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const child = yield* start("http")
      const server = yield* listening()
      const port = portOf(server)
      yield* Handle.to(child, Greeting).send(greeting("served"), server)
      const text = yield* Effect.promise(async () => {
        const response = await fetch(`http://127.0.0.1:${port}`, {
          headers: { connection: "close" },
        })
        return response.text()
      })
      assert.strictEqual(text, `http ${child.pid}`)
    }).pipe(Effect.scoped),
  )

  it.live("a process that nobody forked is told so", () =>
    Effect.gen(function* () {
      const { code, output } = yield* runAlone("handleChild.ts", "answer")
      assert.strictEqual(code, 1)
      assert.include(output, "parent process")
      assert.include(output, "does not exist")
    }),
  )
})
