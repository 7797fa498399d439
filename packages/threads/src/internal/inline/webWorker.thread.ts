/**
 * What a `WebWorker`'s thread runs: the global scope of a web worker, then the script. It loads nothing
 * of Effect.
 *
 * It lives until `close()` in the thread, `terminate()` outside, or until its script cannot be run. An
 * error that nobody catches is told to the other side, and the thread goes on, as in a browser.
 */
import { parentPort, type Transferable, workerData } from "node:worker_threads"

import { encodeThrown } from "../wire/errors.ts"
import { compile } from "./compile.ts"
import { ERROR, type FromThread, MESSAGE, type Script } from "./webWorkerFrames.ts"

const port = parentPort
if (port === null) throw new Error("this file runs in a thread that WebWorker starts")

const target = new EventTarget()

class ScopeMessageEvent extends Event {
  readonly data: unknown

  constructor(data: unknown) {
    super("message")
    this.data = data
  }
}

const tell = (frame: FromThread, transfer: ReadonlyArray<Transferable> = []) =>
  port.postMessage(frame, [...transfer])

const scope = {
  self: globalThis,
  name: "",
  onmessage: null,
  postMessage: (data: unknown, transfer?: ReadonlyArray<Transferable>) =>
    tell([MESSAGE, data], transfer),
  close: () => port.close(),
  addEventListener: target.addEventListener.bind(target),
  removeEventListener: target.removeEventListener.bind(target),
  dispatchEvent: target.dispatchEvent.bind(target),
}

const run = async ({ name, script }: Script): Promise<void> => {
  for (const [key, value] of Object.entries({ ...scope, name })) {
    Object.defineProperty(globalThis, key, { value, writable: true, configurable: true })
  }
  if (script.kind === "function") await compile(script.source).call(globalThis)
  else await import(script.href)
}

process.on("uncaughtException", (error) => tell([ERROR, encodeThrown(error)]))

try {
  const started: Script = workerData
  await run(started)
  port.on("message", (data: unknown) => {
    const event = new ScopeMessageEvent(data)
    const handler: unknown = Reflect.get(globalThis, "onmessage")
    if (typeof handler === "function") Reflect.apply(handler, globalThis, [event])
    target.dispatchEvent(event)
  })
} catch (error) {
  tell([ERROR, encodeThrown(error)])
  process.exitCode = 1
  port.close()
}
