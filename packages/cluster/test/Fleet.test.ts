import { assert, describe, it } from "@effect/vitest"
import { RestartPolicy } from "@manycore/cluster"
import { Schema } from "effect"

import * as Fleet from "../src/internal/fleet/Fleet.ts"

const policy: Fleet.Policy = {
  restart: RestartPolicy.make(),
  timings: { startTimeout: 1000, drainTimeout: 500, killTimeout: 100 },
}
const policies: Fleet.Policies = { strategy: "oneForOne", of: () => policy }

type Step = Fleet.Step

/** Feed events one after the other; answers the state and the commands of the last one. */
const play = (
  events: ReadonlyArray<Fleet.Event>,
  from: Fleet.State = Fleet.initial([2]),
  given = policies,
) =>
  events.reduce<Step>(
    ([state], event) => Fleet.step(state, event, given, "now" in event ? event.now : 0),
    [from, []],
  )

const begin: Fleet.Event = { _tag: "Begin", now: 0 }
const forked = (serial: number): Fleet.Event => ({ _tag: "Forked", serial, pid: 100 + serial })
const ready = (serial: number, now = 10): Fleet.Event => ({ _tag: "Ready", serial, now })
const drained = (serial: number): Fleet.Event => ({ _tag: "Drained", serial })
const exited = (
  serial: number,
  now = 5000,
  exitCode: number | null = 1,
  signal: string | null = null,
): Fleet.Event => ({
  _tag: "Exited",
  serial,
  exitCode,
  signal,
  report: null,
  wasForked: true,
  now,
})
const gone = (serial: number): Fleet.Event => exited(serial, 5000, null, "SIGTERM")
const reload = (
  generation: number,
  id = 1,
  limits = { surge: 1, unavailable: 0 },
  group = 0,
): Fleet.Event => ({
  _tag: "Reload",
  id,
  group,
  generation,
  limits,
})
const open = [begin, forked(1), forked(2), ready(1), ready(2)]

/** Commands in short; news left out. */
const told = ([, commands]: Step) =>
  commands.flatMap((command) => {
    switch (command._tag) {
      case "Tell":
      case "SetDeadline": {
        return []
      }
      case "Fork": {
        return [`Fork ${command.serial} in ${command.slot} of ${command.generation}`]
      }
      case "Answer": {
        return [`Answer ${command.refusal?._tag ?? "well"}`]
      }
      case "Backoff": {
        return [`Backoff ${command.slot}`]
      }
      case "StartFailed": {
        return [`StartFailed ${command.slot}`]
      }
      default: {
        return ["serial" in command ? `${command._tag} ${command.serial}` : command._tag]
      }
    }
  })

describe("Fleet, start and crash", () => {
  it("forks every worker and opens when all of them are ready", () => {
    assert.deepStrictEqual(told(play([begin])), ["Fork 1 in 1 of 0", "Fork 2 in 2 of 0"])
    assert.deepStrictEqual(told(play([begin, forked(1), ready(1)])), [])
    assert.deepStrictEqual(told(play(open)), ["Opened"])
  })

  it("fails the start when a worker ends before all were ready, and ends the others", () => {
    const step = play([begin, forked(1), forked(2), ready(1), exited(2)])
    assert.deepStrictEqual(told(step), ["StartFailed 2", "Drain 1"])
    assert.deepStrictEqual(told(play([gone(1)], step[0])), ["Stopped"])
  })

  it("replaces the first crash at once, the second on its Schedule", () => {
    const first = play([...open, exited(1)])
    assert.deepStrictEqual(told(first), ["Fork 3 in 1 of 0"])
    const second = play([forked(3), ready(3, 5001), exited(3, 5002)], first[0])
    assert.deepStrictEqual(told(second), ["Backoff 1"])
    const third = play([{ _tag: "BackoffOver", slot: 1 }], second[0])
    assert.deepStrictEqual(told(third), ["Fork 4 in 1 of 0"])
    assert.strictEqual(third[0].slots[0]?.restarts, 2)
  })

  it("gives up after too many early crashes, and begins anew with a restart", () => {
    let [state] = play(open)
    let serial = 1
    let news: ReadonlyArray<Fleet.Command> = []
    for (let crash = 0; crash < 11; crash++) {
      const [crashed, commands] = play([exited(serial, 20 + crash)], state)
      news = commands
      const [next, forks] = play([{ _tag: "BackoffOver", slot: 1 }], crashed)
      for (const command of [...commands, ...forks]) {
        if (command._tag === "Fork") ({ serial } = command)
      }
      state = next
    }
    assert.isTrue(news.some((one) => one._tag === "Tell" && one.news._tag === "WorkerGaveUp"))
    assert.strictEqual(state.slots[0]?.status, "gaveUp")
    const again = play([{ _tag: "Restart", id: 1, slot: 1, group: null }], state)
    assert.lengthOf(told(again), 1)
    assert.match(told(again)[0] ?? "", /^Fork \d+ in 1 of 0$/)
    assert.deepStrictEqual(told(play([ready(again[0].nextSerial - 1)], again[0])), ["Answer well"])
  })

  it("a worker that is done is not started again", () => {
    const transient = {
      strategy: "oneForOne" as const,
      of: () => ({ ...policy, restart: RestartPolicy.make({ type: "transient" }) }),
    }
    const [state] = play([...open, exited(1, 5000, 0)], Fleet.initial([2]), transient)
    assert.strictEqual(state.slots[0]?.status, "done")
    assert.lengthOf(state.processes, 1)
  })
})

describe("Fleet, stop", () => {
  it("drains all, ends what has drained, and replaces nobody", () => {
    const stopping = play([...open, { _tag: "Stop" }])
    assert.deepStrictEqual(told(stopping), ["Drain 1", "Drain 2"])
    const one = play([drained(1)], stopping[0])
    assert.deepStrictEqual(told(one), ["Signal 1"])
    const two = play([gone(1), gone(2)], one[0])
    assert.deepStrictEqual(told(two), ["Stopped"])
    assert.strictEqual(two[0].forced, 0)
  })

  it("counts those that had to be forced", () => {
    const late: Fleet.Event = { _tag: "DeadlinePassed", serial: 2, state: "draining" }
    const [state] = play([...open, { _tag: "Stop" }, late, gone(1), gone(2)])
    assert.strictEqual(state.forced, 1)
  })
})

describe("Fleet, reload", () => {
  it("goes one by one and answers when only new ones are left", () => {
    const one = play([...open, reload(1)])
    assert.deepStrictEqual(told(one), ["Fork 3 in 1 of 1"])
    const two = play([forked(3), ready(3)], one[0])
    assert.deepStrictEqual(told(two), ["Drain 1"])
    const three = play([drained(1), gone(1)], two[0])
    assert.deepStrictEqual(told(three), ["Fork 4 in 2 of 1"])
    const four = play([forked(4), ready(4), drained(2), gone(2)], three[0])
    assert.deepStrictEqual(told(four), ["Answer well"])
    assert.deepStrictEqual(four[0].generations, [1])
    assert.deepStrictEqual(told(play([exited(3)], four[0])), ["Fork 5 in 1 of 1"])
  })

  it("new code that crashes fails it at once; the old ones never go", () => {
    const failed = play([...open, reload(1), forked(3), exited(3)])
    assert.deepStrictEqual(told(failed), ["Answer WorkerFailed"])
    assert.isNull(failed[0].operation)
    assert.deepStrictEqual(
      failed[0].processes.map(({ serial, state }) => [serial, state]),
      [
        [1, "ready"],
        [2, "ready"],
      ],
    )
  })

  it("new code that hangs fails it at its deadline, before the process has gone", () => {
    const late: Fleet.Event = { _tag: "DeadlinePassed", serial: 3, state: "starting" }
    const failed = play([...open, reload(1), forked(3), late])
    assert.deepStrictEqual(told(failed), ["Signal 3", "Answer WorkerFailed"])
    const [after] = play([gone(3)], failed[0])
    assert.isNull(after.operation)
    assert.lengthOf(after.processes, 2)
  })

  it("a later failure goes back to the old spec, place by place", () => {
    const [half] = play([...open, reload(1), forked(3), ready(3), drained(1), gone(1), forked(4)])
    const failed = play([exited(4)], half)
    assert.deepStrictEqual(told(failed), ["Answer WorkerFailed", "Fork 5 in 1 of 0"])
    const back = play([forked(5), ready(5)], failed[0])
    assert.deepStrictEqual(told(back), ["Drain 3"])
    const [end] = play([drained(3), gone(3)], back[0])
    assert.isNull(end.operation)
    assert.deepStrictEqual(end.generations, [0])
    assert.sameMembers(
      end.processes.map(({ generation }) => generation),
      [0, 0],
    )
  })

  it("a second one at the same time is refused, and a stop fails the first", () => {
    const step = play([...open, reload(1), reload(2, 2)])
    assert.deepStrictEqual(told(step), ["Answer Busy"])
    assert.include(told(play([{ _tag: "Stop" }], step[0])), "Answer Stopping")
  })
})

describe("Fleet, scale", () => {
  it("up answers when the new ones are ready, down when the last ones have gone", () => {
    const up = play([...open, { _tag: "Scale", id: 1, group: 0, size: 3 }])
    assert.deepStrictEqual(told(up), ["Fork 3 in 3 of 0"])
    const three = play([forked(3), ready(3)], up[0])
    assert.deepStrictEqual(told(three), ["Answer well"])
    const down = play([{ _tag: "Scale", id: 2, group: 0, size: 1 }], three[0])
    assert.deepStrictEqual(told(down), ["Drain 2", "Drain 3"])
    const one = play([gone(2), gone(3)], down[0])
    assert.deepStrictEqual(told(one), ["Answer well"])
    assert.lengthOf(one[0].slots, 1)
  })

  it("a new one that crashes fails it, and the new ones go", () => {
    const failed = play([
      ...open,
      { _tag: "Scale", id: 1, group: 0, size: 4 },
      forked(3),
      forked(4),
      exited(3),
    ])
    assert.deepStrictEqual(told(failed), ["Answer WorkerFailed", "Signal 4"])
    assert.strictEqual(
      failed[0].operation?._tag,
      "Scale",
      "nothing else begins before they have gone",
    )
    const [end] = play([gone(4)], failed[0])
    assert.lengthOf(end.slots, 2)
    assert.isNull(end.operation)
  })
})

describe("Fleet, restart", () => {
  it("means the workers that there are when it begins; of one that has gone, it says so", () => {
    const [one] = play([...open, { _tag: "Scale", id: 1, group: 0, size: 1 }, drained(2), gone(2)])
    const all = play([{ _tag: "Restart", id: 2, slot: null, group: null }], one)
    assert.deepStrictEqual(told(all), ["Drain 1"])
    const none = play([{ _tag: "Restart", id: 3, slot: 2, group: null }], one)
    assert.deepStrictEqual(told(none), ["Answer UnknownWorker"])
    assert.isNull(none[0].operation)
  })
})

const start = (strategy: Fleet.Strategy) => {
  const given = { ...policies, strategy }
  const steps = [begin, forked(1), ready(1), forked(2), ready(2), forked(3), ready(3)]
  return { given, state: play(steps, Fleet.initial([1, 1, 1]), given)[0] }
}

describe("Fleet, groups", () => {
  it("with a strategy, a group starts when those before it are ready", () => {
    const given = { ...policies, strategy: "restForOne" as const }
    const one = play([begin], Fleet.initial([1, 1]), given)
    assert.deepStrictEqual(told(one), ["Fork 1 in 1 of 0"])
    assert.deepStrictEqual(told(play([forked(1), ready(1)], one[0], given)), ["Fork 2 in 2 of 1"])
  })

  it("one for one: the others go on", () => {
    const { given, state } = start("oneForOne")
    assert.deepStrictEqual(told(play([exited(2)], state, given)), ["Fork 4 in 2 of 1"])
  })

  it("rest for one: the groups after it start anew, when it is ready", () => {
    const { given, state } = start("restForOne")
    const crashed = play([exited(2)], state, given)
    assert.deepStrictEqual(told(crashed), ["Drain 3", "Fork 4 in 2 of 1"])
    const third = play([gone(3)], crashed[0], given)
    assert.deepStrictEqual(told(third), [])
    assert.deepStrictEqual(told(play([ready(4)], third[0], given)), ["Fork 5 in 3 of 2"])
  })

  it("one for all: all start anew, in order", () => {
    const { given, state } = start("oneForAll")
    const crashed = play([exited(2)], state, given)
    assert.deepStrictEqual(told(crashed), ["Drain 1", "Drain 3"])
    const first = play([gone(1)], crashed[0], given)
    assert.deepStrictEqual(told(first), ["Fork 4 in 1 of 0"])
    assert.deepStrictEqual(told(play([ready(4)], first[0], given)), ["Fork 5 in 2 of 1"])
  })
})

/** A world that forks what it is told to and then does any of what a world may do. */
class World {
  state: Fleet.State
  readonly policies: Fleet.Policies
  now = 0
  readonly alive = new Map<number, true>()
  readonly deadlines = new Map<number, Fleet.Event>()
  readonly backoffs = new Set<number>()
  readonly answered = new Map<number, number>()
  /** Questions for a size. */
  readonly scales = new Map<number, { readonly group: number; readonly size: number }>()
  /** Of each group, as last granted. */
  readonly sizes: Array<number>

  constructor(sizes: ReadonlyArray<number>, strategy: Fleet.Strategy) {
    this.sizes = [...sizes]
    this.state = Fleet.initial(sizes)
    const restart = RestartPolicy.make({ intensity: { crashes: 2, within: "1 minute" } })
    this.policies = { strategy, of: () => ({ ...policy, restart }) }
  }

  feed(event: Fleet.Event): void {
    const before = this.state
    const [next, commands] = Fleet.step(before, event, this.policies, this.now)
    this.state = next
    let drains = 0
    let forks = 0
    for (const command of commands) {
      if (command._tag === "Fork") {
        assert.isFalse(this.alive.has(command.serial), "a serial is used once")
        this.alive.set(command.serial, true)
        forks++
      } else if (command._tag === "SetDeadline") {
        const { serial, state } = command
        this.deadlines.set(serial, { _tag: "DeadlinePassed", serial, state })
      } else if (command._tag === "Backoff") this.backoffs.add(command.slot)
      else if (command._tag === "Answer") {
        this.answered.set(command.id, (this.answered.get(command.id) ?? 0) + 1)
        assert.strictEqual(this.answered.get(command.id), 1, "one answer for each question")
        const scale = this.scales.get(command.id)
        if (scale !== undefined && command.refusal === null) this.sizes[scale.group] = scale.size
      } else if (command._tag === "Stopped") assert.strictEqual(this.alive.size, 0)
      else if ("serial" in command) {
        const target = this.alive.get(command.serial)
        assert.isDefined(target, `${command._tag} goes to a living worker`)
        if (command._tag === "Drain") drains++
      }
    }
    const { operation } = next
    if (operation?._tag === "Rollout") {
      const { group } = operation
      const slots = new Set(next.slots.flatMap((slot) => (slot.group === group ? [slot.id] : [])))
      const processes = next.processes.filter(({ slot }) => slots.has(slot))
      const size = slots.size
      // What an operation before it left to end may still be there.
      if (forks > 0) {
        assert.isAtMost(processes.length, size + operation.limits.surge, "N + surge at most")
      }
      if (drains > 0 && this.policies.strategy === "oneForOne") {
        const ready = processes.filter(({ state }) => state === "ready").length
        assert.isAtLeast(ready, size - operation.limits.unavailable, "N - unavailable at least")
      }
    }
    for (const { serial, state } of next.processes) {
      assert.isTrue(this.alive.has(serial))
      if (state !== "ready") assert.isTrue(this.deadlines.has(serial), `${state} has a deadline`)
    }
    assert.strictEqual(this.alive.size, next.processes.length)
  }

  exit(serial: number, exitCode: number): void {
    this.alive.delete(serial)
    this.deadlines.delete(serial)
    this.feed(exited(serial, this.now, exitCode))
  }
}

/** Do one of the things that a world may do. */
const choose = (
  world: World,
  choice: number,
  numbers: { question: number; generation: number },
) => {
  world.now += choice % 7000
  const pick = Math.floor(choice / 16)
  const serials = [...world.alive.keys()]
  const serial = serials[pick % Math.max(serials.length, 1)] ?? 0
  const groups = world.state.generations.length
  switch (choice % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: {
      return world.feed({ _tag: "Ready", serial, now: world.now })
    }
    case 5:
    case 6: {
      return serial > 0 ? world.exit(serial, pick % 2) : undefined
    }
    case 7:
    case 8: {
      const deadline = [...world.deadlines.values()][pick % Math.max(world.deadlines.size, 1)]
      return deadline === undefined ? undefined : world.feed(deadline)
    }
    case 9: {
      return world.feed({ _tag: "Drained", serial })
    }
    case 10: {
      return world.feed({ _tag: "PipeLost", serial })
    }
    case 11: {
      const [slot] = world.backoffs
      if (slot === undefined) return
      world.backoffs.delete(slot)
      return world.feed({ _tag: pick % 9 === 0 ? "BackoffEnded" : "BackoffOver", slot })
    }
    case 12:
    case 13: {
      const limits = { surge: pick % 3, unavailable: (pick % 2) + (pick % 3 === 0 ? 1 : 0) }
      const id = ++numbers.question
      return world.feed(reload(++numbers.generation, id, limits, pick % groups))
    }
    case 14: {
      const size = 1 + (pick % 5)
      const group = pick % groups
      const id = ++numbers.question
      world.scales.set(id, { group, size })
      return world.feed({ _tag: "Scale", id, group, size })
    }
    case 15: {
      const slot = pick % 3 === 0 ? null : 1 + (pick % 9)
      const group = pick % 2 === 0 ? null : pick % groups
      return world.feed({ _tag: "Restart", id: ++numbers.question, slot, group })
    }
  }
}

/** From now on everything goes well; ends when nothing is left to happen. */
const calm = (world: World) => {
  for (let round = 0; round < 200; round++) {
    world.now += 20_000
    const before = JSON.stringify(world.state)
    for (const { serial, state } of world.state.processes) {
      if (state === "starting") world.feed({ _tag: "Ready", serial, now: world.now })
      else if (state === "draining") world.feed({ _tag: "Drained", serial })
      else if (state !== "ready") world.exit(serial, 0)
    }
    const slots = Array.from(world.backoffs)
    for (const slot of slots) {
      world.backoffs.delete(slot)
      world.feed({ _tag: "BackoffOver", slot })
    }
    if (JSON.stringify(world.state) === before) return
  }
  assert.fail("it never comes to rest")
}

describe("Fleet, whatever happens", () => {
  const Choices = Schema.Array(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })),
  ).check(Schema.isMinLength(20), Schema.isMaxLength(300))

  for (const [strategy, sizes] of [
    ["oneForOne", [3]],
    ["oneForAll", [2, 1, 1]],
    ["restForOne", [1, 2, 1]],
  ] as const) {
    it.prop(
      `${strategy}: limits hold, every wait has an end, no command for the dead, one answer each, a stop ends all`,
      [Choices],
      ([choices]) => {
        const world = new World(sizes, strategy)
        const numbers = { question: 0, generation: sizes.length }
        world.feed(begin)
        for (const choice of choices) choose(world, choice, numbers)
        world.feed({ _tag: "Stop" })
        for (const serial of world.alive.keys()) world.exit(serial, 0)
        assert.strictEqual(world.state.phase, "stopped")
        assert.strictEqual(world.answered.size, numbers.question, "every question got its answer")
      },
    )

    it.prop(
      `${strategy}: when all goes well again, every question is answered and every place is in order`,
      [Choices],
      ([choices]) => {
        const world = new World(sizes, strategy)
        const numbers = { question: 0, generation: sizes.length }
        world.feed(begin)
        calm(world)
        assert.strictEqual(world.state.phase, "running")
        for (const choice of choices) choose(world, choice, numbers)
        calm(world)
        assert.isNull(world.state.operation)
        assert.strictEqual(world.answered.size, numbers.question, "every question got its answer")
        const { processes, slots } = world.state
        for (const { id, status } of slots) {
          const states = processes.filter(({ slot }) => slot === id).map(({ state }) => state)
          assert.deepStrictEqual(states, status === "active" ? ["ready"] : [])
          assert.include(["active", "gaveUp", "done"], status)
        }
        for (const [group, size] of world.sizes.entries()) {
          assert.lengthOf(
            slots.filter((slot) => slot.group === group),
            size,
            "as many places as were last granted",
          )
        }
      },
    )
  }
})
