import { assert, describe, it } from "@effect/vitest"
import { RestartPolicy } from "@manycore/cluster"
import { Schema } from "effect"

import * as Machine from "../src/internal/Machine.ts"

const options: Machine.Options = {
  workers: 2,
  restart: RestartPolicy.make(),
  startTimeout: 1000,
  drainTimeout: 500,
}

/** Feed events one after the other; answers the state and the commands of the last one. */
const play = (events: ReadonlyArray<Machine.Event>, from = Machine.initial(options)) =>
  events.reduce<Machine.Step>(([state], event) => Machine.step(state, event, options), [from, []])

const begin: Machine.Event = { _tag: "Begin", now: 0 }
const ready = (id: number, attempt = 1): Machine.Event => ({ _tag: "Ready", id, attempt })
const exited = (id: number, attempt: number, now: number): Machine.Event => ({
  _tag: "Exited",
  id,
  attempt,
  exitCode: 1,
  signal: null,
  now,
})
const done = (id: number, now: number): Machine.Event => ({
  _tag: "Exited",
  id,
  attempt: 1,
  exitCode: 0,
  signal: null,
  now,
})
const open = [begin, ready(1), ready(2)]
const tags = (commands: ReadonlyArray<Machine.Command>) =>
  commands.map((command) => ("id" in command ? `${command._tag} ${command.id}` : command._tag))

describe("Machine", () => {
  it("forks every worker and opens when all of them are ready", () => {
    assert.deepStrictEqual(tags(play([begin])[1]), [
      "Fork 1",
      "SetDeadline 1",
      "Fork 2",
      "SetDeadline 2",
    ])
    assert.deepStrictEqual(tags(play([begin, ready(1)])[1]), [])
    assert.deepStrictEqual(tags(play(open)[1]), ["Opened"])
  })

  it("fails the start when a worker ends before all were ready, and drains the others", () => {
    const [state, commands] = play([begin, ready(1), exited(2, 1, 5)])
    assert.deepStrictEqual(tags(commands), ["StartFailed 2", "Drain 1", "SetDeadline 1"])
    assert.strictEqual(state.phase, "stopping")
  })

  it("replaces the first crash at once and the second after 100 ms", () => {
    const first = play([...open, exited(1, 1, 50)])
    assert.deepStrictEqual(tags(first[1]), ["Fork 1", "SetDeadline 1"])
    const second = play([exited(1, 2, 60)], first[0])
    assert.deepStrictEqual(second[1], [{ _tag: "WakeAfter", id: 1, attempt: 2, delay: 100 }])
    const third = play([{ _tag: "BackoffOver", id: 1, attempt: 2, now: 160 }], second[0])
    assert.deepStrictEqual(tags(third[1]), ["Fork 1", "SetDeadline 1"])
    assert.strictEqual(third[0].slots[0]?.restarts, 2)
  })

  it("kills what does not get ready, or does not drain, in time", () => {
    const [, late] = play([begin, { _tag: "DeadlinePassed", id: 1, attempt: 1, state: "starting" }])
    assert.deepStrictEqual(tags(late), ["Kill 1"])
    const [state, stuck] = play([
      ...open,
      { _tag: "Stop" },
      { _tag: "DeadlinePassed", id: 2, attempt: 1, state: "draining" },
    ])
    assert.deepStrictEqual(tags(stuck), ["Kill 2"])
    assert.strictEqual(play([exited(2, 1, 600)], state)[0].forced, 1)
  })

  it("a deadline that comes late means nothing", () => {
    const deadline = { _tag: "DeadlinePassed", id: 1, attempt: 1 } as const
    assert.deepStrictEqual(play([...open, { ...deadline, state: "starting" }])[1], [])
    assert.deepStrictEqual(
      play([...open, exited(1, 1, 50), { ...deadline, state: "starting" }])[1],
      [],
    )
  })

  it("stops when the last worker has exited, and replaces nobody on the way", () => {
    const stopping = play([...open, { _tag: "Stop" }])
    assert.deepStrictEqual(tags(stopping[1]), [
      "Drain 1",
      "SetDeadline 1",
      "Drain 2",
      "SetDeadline 2",
    ])
    const one = play([done(1, 70)], stopping[0])
    assert.deepStrictEqual(one[1], [])
    assert.deepStrictEqual(play([done(2, 71)], one[0])[1], [{ _tag: "Stopped", forced: 0 }])
  })

  // A model of the world: it forks what it is told to and answers with any event it likes.
  const Choice = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
  it.prop(
    "whatever happens: one process per place, no command for a dead worker, every wait has an end",
    [Schema.Array(Choice).check(Schema.isMaxLength(200))],
    ([choices]) => {
      let state = Machine.initial(options)
      let now = 0
      const alive = new Map<number, number>()
      const pending: Array<Machine.Event> = []
      const feed = (event: Machine.Event) => {
        const [next, commands] = Machine.step(state, event, options)
        state = next
        for (const command of commands) {
          if (command._tag === "Fork") {
            assert.isFalse(alive.has(command.id), "a place holds one process")
            alive.set(command.id, command.attempt)
          } else if (command._tag === "Kill" || command._tag === "Drain") {
            assert.isTrue(alive.has(command.id), `${command._tag} goes to a living worker`)
          } else if (command._tag === "SetDeadline") {
            const { attempt, id, state } = command
            pending.push({ _tag: "DeadlinePassed", id, attempt, state })
          } else if (command._tag === "WakeAfter") {
            pending.push({ _tag: "BackoffOver", id: command.id, attempt: command.attempt, now })
          } else if (command._tag === "Stopped") {
            assert.strictEqual(alive.size, 0, "stopped means that nobody is left")
          }
        }
      }
      const exit = (id: number, attempt: number) => {
        alive.delete(id)
        feed(exited(id, attempt, now))
      }
      feed(begin)
      for (const choice of choices) {
        now += choice % 20_000
        const living = [...alive][choice % Math.max(alive.size, 1)]
        const kind = choice % 7
        if (kind < 2 && living !== undefined) feed(ready(...living))
        else if (kind < 4 && living !== undefined) exit(...living)
        else if (kind < 6) {
          const event = pending.splice(choice % Math.max(pending.length, 1), 1)[0]
          if (event !== undefined) feed(event)
        } else if (choice % 97 === 6) feed({ _tag: "Stop" })
      }
      feed({ _tag: "Stop" })
      for (const living of alive) exit(...living)
      assert.strictEqual(state.phase, "stopped")
    },
  )
})
