import { assert, describe, it } from "@effect/vitest"
import { Readiness, RestartPolicy } from "@manycore/cluster"
import { Effect } from "effect"

import * as Spec from "../src/internal/Spec.ts"

/** Everything is there but what is nowhere. */
const look: Spec.Look = (path) => {
  const exists = !path.includes("nowhere")
  return { isFile: exists, isFolder: exists }
}

/** Options as somebody without types writes them. */
const make = (options: object) => Spec.make({ program: "/app.js", ...options }, look)

describe("Spec", () => {
  const bad: ReadonlyArray<readonly [object, RegExp]> = [
    [{ program: "/nowhere.js" }, /^there is no program \/nowhere\.js$/],
    [{ program: new URL("https://example.org/app.js") }, /must be the path of a file/],
    [{ program: undefined }, /^program is undefined/],
    [{ args: "all" }, /^args is all, but must be a list of strings$/],
    [{ execArgv: [1] }, /^execArgv is 1/],
    [{ cwd: "/nowhere" }, /^cwd is \/nowhere, but must be a folder that exists$/],
    [{ killSignal: "SIGNONE" }, /^killSignal is SIGNONE, but must be a signal such as "SIGTERM"$/],
    [{ env: "PATH" }, /^env is PATH, but must be an object of strings$/],
    [{ env: null }, /^env is null/],
    [{ restart: {} }, /^restart is .*, but must be what RestartPolicy\.make answers$/],
    [{ restart: { ...RestartPolicy.make(), type: "always" } }, /^restart\.type is always/],
    [{ restart: { ...RestartPolicy.make(), doneExitCodes: 0 } }, /^restart\.doneExitCodes is 0/],
    [
      { restart: { ...RestartPolicy.make(), backoff: "1 second" } },
      /^restart\.backoff is 1 second/,
    ],
    [{ ready: "soon" }, /^ready is soon, but must be "listening"/],
    [{ ready: Readiness.uptime(-1) }, /^ready is .*-1/],
    [{ ready: Readiness.uptime(Number.NaN) }, /^ready is/],
    [{ ready: Readiness.probe("healthz") }, /^ready is .*healthz/],
    [{ startTimeout: "soon" }, /^startTimeout is soon, but must be a duration/],
    [{ drainTimeout: -1 }, /^drainTimeout is -1, but must be a duration from 0 to 24 days$/],
    [{ lameDuck: Infinity }, /^lameDuck is Infinity/],
    [
      { restart: RestartPolicy.make({ intensity: { crashes: -1, within: "1 minute" } }) },
      /^restart\.intensity\.crashes is -1, but must be a whole number from 0$/,
    ],
  ]
  for (const [options, message] of bad) {
    it.effect(`refuses ${Object.keys(options).join()}: ${message.source}`, () =>
      Effect.map(Effect.flip(make(options)), (error) => assert.match(error.message, message)),
    )
  }

  it.effect("finds a relative program from here, whatever folder the worker has", () =>
    Effect.map(make({ program: "./app.js", cwd: "/" }), ({ file }) =>
      assert.strictEqual(file, `${process.cwd()}/app.js`),
    ),
  )
})
