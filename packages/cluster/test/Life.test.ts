import { assert, describe, it } from "@effect/vitest"

import * as Life from "../src/internal/fleet/Life.ts"

const timings: Life.Timings = { startTimeout: 1000, drainTimeout: 500, killTimeout: 100 }

const play = (...events: ReadonlyArray<Life.LifeEvent>) =>
  events.reduce<Life.LifeStep>(
    ([life], event) => Life.step(life, event, timings),
    Life.begin(0, timings),
  )

const tags = ([, commands]: Life.LifeStep) => commands.map(({ _tag }) => _tag)
const late = (state: Life.LifeState): Life.LifeEvent => ({ _tag: "DeadlinePassed", state })
const ready: Life.LifeEvent = { _tag: "Ready", now: 5 }
const retire: Life.LifeEvent = { _tag: "Retire" }

describe("Life", () => {
  const table = [
    [
      "a start that takes too long ends with the kill signal",
      [late("starting")],
      "terminating",
      ["Signal", "SetDeadline"],
    ],
    [
      "a kill signal that is not heard is followed by SIGKILL",
      [late("starting"), late("terminating")],
      "killed",
      ["Kill", "SetDeadline"],
    ],
    [
      "SIGKILL is repeated",
      [late("starting"), late("terminating"), late("killed")],
      "killed",
      ["Kill", "SetDeadline"],
    ],
    ["what is ready is drained", [ready, retire], "draining", ["Drain", "SetDeadline"]],
    [
      "what has drained gets the kill signal",
      [ready, retire, { _tag: "Drained" }],
      "terminating",
      ["Signal", "SetDeadline"],
    ],
    [
      "so does what has not drained in time",
      [ready, retire, late("draining")],
      "terminating",
      ["Signal", "SetDeadline"],
    ],
    [
      "what was never ready has nothing to drain",
      [retire],
      "terminating",
      ["Signal", "SetDeadline"],
    ],
    [
      "what cannot be told anything is ended",
      [ready, { _tag: "PipeLost" }],
      "terminating",
      ["Signal", "SetDeadline"],
    ],
    ["a deadline of another state means nothing", [ready, late("starting")], "ready", []],
    ["ready is said once", [ready, ready], "ready", []],
    ["ready after the end has begun means nothing", [retire, ready], "terminating", []],
    ["drained before it was told means nothing", [ready, { _tag: "Drained" }], "ready", []],
    ["told twice to go, it drains once", [ready, retire, retire], "draining", []],
  ] as const satisfies ReadonlyArray<
    readonly [string, ReadonlyArray<Life.LifeEvent>, Life.LifeState, ReadonlyArray<string>]
  >
  for (const [name, events, state, commands] of table) {
    it(`${name} (${state})`, () => {
      const step = play(...events)
      assert.strictEqual(step[0].state, state)
      assert.deepStrictEqual(tags(step), [...commands])
    })
  }

  it("remembers whether its end was asked for, forced, or a fault", () => {
    assert.deepInclude(play(ready, retire)[0], { retired: true, forced: false, fault: null })
    assert.deepInclude(play(ready, retire, late("draining"))[0], { retired: true, forced: true })
    assert.deepInclude(play(late("starting"))[0], { retired: false, fault: "NotReady" })
    assert.deepInclude(play(ready, { _tag: "PipeLost" })[0], { retired: false, fault: "PipeLost" })
  })
})
