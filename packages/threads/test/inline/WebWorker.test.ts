/* oxlint-disable unicorn/prefer-add-event-listener, no-unused-vars -- `onmessage` is what is tested */
import { assert, describe, it } from "@effect/vitest"
import { Condition } from "@manycore/testkit"
import { SharedMutex, WebWorker } from "@manycore/threads"
import { Effect } from "effect"

// What a worker's function finds in its thread.
declare let onmessage: ((event: { readonly data: unknown }) => void) | null
declare const postMessage: (value: unknown, transfer?: ReadonlyArray<ArrayBuffer>) => void
declare const close: () => void
declare const addEventListener: (
  type: "message",
  listener: (event: { readonly data: unknown }) => void,
) => void

/** All messages of a worker so far, and its errors. */
const listen = (worker: WebWorker.WebWorker) => {
  const messages: Array<unknown> = []
  const errors: Array<WebWorker.WebWorkerErrorEvent> = []
  worker.onmessage = ({ data }) => messages.push(data)
  worker.onerror = (event) => errors.push(event)
  return { messages, errors }
}

const received = (messages: ReadonlyArray<unknown>, count: number) =>
  Condition.until(`${count} messages`, () => messages.length >= count, {
    deadline: "20 seconds",
    state: () => messages,
  })

describe("WebWorker", () => {
  it.live("a function answers messages, in order, values as what they are", () =>
    Effect.gen(function* () {
      const worker = yield* WebWorker.make(function () {
        postMessage("started")
        onmessage = ({ data }) => postMessage(data)
      })
      const { messages } = listen(worker)
      const values = [new Map([[1, new Date(0)]]), 5n, Uint8Array.of(1, 2)]
      for (const value of values) worker.postMessage(value)
      yield* received(messages, 4)
      assert.deepStrictEqual(messages, ["started", ...values])
    }).pipe(Effect.scoped),
  )

  it.live("a file does, by URL or by path", () =>
    Effect.gen(function* () {
      const url = new URL("../fixtures/webWorkerScript.ts", import.meta.url)
      for (const script of [url, url.href, url.pathname]) {
        const worker = yield* WebWorker.make(script)
        const { messages } = listen(worker)
        worker.postMessage(1)
        yield* received(messages, 1)
        assert.deepStrictEqual(messages, [2])
      }
    }).pipe(Effect.scoped),
  )

  it.live("this, self, listeners and transfer work as in a browser", () =>
    Effect.gen(function* () {
      const worker = yield* WebWorker.make(
        function (this: { onmessage: (event: { readonly data: ArrayBuffer }) => void }) {
          this.onmessage = ({ data }) => postMessage(data, [data])
          addEventListener("message", () => postMessage("heard"))
        },
        { name: "echo" },
      )
      const { messages } = listen(worker)
      const heard: Array<Event> = []
      worker.addEventListener("message", (event) => heard.push(event))
      const bytes = new ArrayBuffer(8)
      worker.postMessage(bytes, [bytes])
      assert.strictEqual(bytes.byteLength, 0)
      yield* received(messages, 2)
      assert.deepStrictEqual(messages, [new ArrayBuffer(8), "heard"])
      assert.strictEqual(heard.length, 2)
    }).pipe(Effect.scoped),
  )

  it.live("an uncaught error arrives with its properties, and the thread goes on", () =>
    Effect.gen(function* () {
      const worker = yield* WebWorker.make(() => {
        onmessage = ({ data }) => {
          if (data === "fail") throw Object.assign(new RangeError("no"), { code: 7 })
          postMessage(data)
        }
      })
      const { errors, messages } = listen(worker)
      worker.postMessage("fail")
      worker.postMessage("go on")
      yield* received(messages, 1)
      assert.strictEqual(errors.length, 1)
      assert.strictEqual(errors[0]?.message, "no")
      assert.instanceOf(errors[0]?.error, RangeError)
      assert.propertyVal(errors[0]?.error, "code", 7)
    }).pipe(Effect.scoped),
  )

  it.live("a script that cannot be run is an error, and the thread is gone", () =>
    Effect.gen(function* () {
      const worker = yield* WebWorker.make(new URL("./missing.ts", import.meta.url))
      const { errors } = listen(worker)
      assert.strictEqual(yield* Effect.promise(() => worker.exited), 1)
      assert.match(errors[0]?.message ?? "", /missing\.ts/)
    }).pipe(Effect.scoped),
  )

  it.live("close ends it from inside, terminate from outside, also in a loop", () =>
    Effect.gen(function* () {
      const closes = yield* WebWorker.make(() => close())
      assert.strictEqual(yield* Effect.promise(() => closes.exited), 0)
      const loops = yield* WebWorker.make(() => {
        postMessage("looping")
        for (;;);
      })
      yield* received(listen(loops).messages, 1)
      assert.strictEqual(yield* Effect.promise(() => loops.terminate()), 1)
    }).pipe(Effect.scoped),
  )

  it.live("its death is told to those who share memory with it", () =>
    Effect.gen(function* () {
      const mutex = SharedMutex.make()
      const worker = yield* WebWorker.make(() => {
        onmessage = ({ data }) => {
          // The words of a mutex: its second holds the id of the thread, plus one.
          if (!(data instanceof SharedArrayBuffer)) throw new Error("no shared memory")
          const { threadId } = process.getBuiltinModule("node:worker_threads")
          Atomics.store(new Int32Array(data), 1, threadId + 1)
          postMessage("inside")
        }
      })
      worker.postMessage(mutex.buffer)
      yield* received(listen(worker).messages, 1)
      yield* Effect.promise(() => worker.terminate())
      const error = yield* Effect.flip(SharedMutex.withLock(mutex)(Effect.void))
      assert.deepInclude(error.reason, { _tag: "HolderDied", threadId: worker.threadId })
    }).pipe(Effect.scoped),
  )

  it.effect("a closure is refused before a thread is started", () =>
    Effect.gen(function* () {
      const outside = 1
      const error = yield* Effect.flip(WebWorker.make(() => postMessage(outside)))
      assert.deepInclude(error.reason, { _tag: "NotSelfContained", captured: ["outside"] })
    }).pipe(Effect.scoped),
  )
})
