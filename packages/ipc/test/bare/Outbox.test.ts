import type { Transferable } from "node:worker_threads"

import { assert, describe, it } from "@effect/vitest"

import { Outbox } from "../../src/bare/Outbox.ts"
import { type Batch, mark } from "../../src/bare/Wire.ts"

interface Posted {
  readonly batch: Batch
  readonly transfer: ReadonlyArray<Transferable>
  readonly weight: number
  readonly isText: boolean
}

/** An outbox whose posts are copied as a port would, and remembered. */
const recorded = () => {
  const posts: Array<Posted> = []
  const refunds: Array<number> = []
  const outbox = new Outbox(
    (batch, transfer = [], weight, isText) => {
      const copy = structuredClone(batch, { transfer: [...transfer] })
      posts.push({ batch: copy, transfer, weight, isText })
    },
    (weight) => refunds.push(weight),
  )
  return {
    outbox,
    posts,
    refunds,
    /** Line and body of every message that left. */
    left: () =>
      posts.flatMap(({ batch }) =>
        Array.from({ length: batch.length / 2 - 1 }, (_, i) => [
          batch[2 + 2 * i],
          batch[3 + 2 * i],
        ]),
      ),
  }
}

const sum = (weights: ReadonlyArray<number>) => weights.reduce((a, b) => a + b, 0)

const owned = () => {
  const told: Array<string> = []
  return {
    told,
    owner: (name: string) => ({
      sent: () => void told.push(`${name} sent`),
      refused: () => void told.push(`${name} refused`),
    }),
  }
}

describe("Outbox", () => {
  it("all that one synchronous run adds is one post, at its microtask", async () => {
    const { outbox, posts } = recorded()
    for (let i = 0; i < 10; i++) outbox.add(1, i, 10, undefined, undefined)
    assert.strictEqual(posts.length, 0)
    await Promise.resolve()
    assert.deepStrictEqual(
      posts.map(({ batch, weight }) => [batch.length, batch[0], batch[1], weight]),
      [[22, mark, 100, 100]],
    )
    outbox.add(1, "next", 10, undefined, undefined)
    await Promise.resolve()
    assert.deepStrictEqual(posts[1]?.batch, [mark, 10, 1, "next"])
  })

  it("thousands of messages leave in order, in far fewer posts", async () => {
    const { outbox, posts, left } = recorded()
    for (let i = 0; i < 4000; i++) outbox.add(1, i, 10, undefined, undefined)
    await Promise.resolve()
    assert.deepStrictEqual(
      left(),
      Array.from({ length: 4000 }, (_, i) => [1, i]),
    )
    assert.isAtMost(posts.length, 500)
  })

  it("a batch that weighs 256 KiB leaves at once, and nothing leaves twice", async () => {
    const { outbox, posts, left } = recorded()
    outbox.add(1, "small", 10, undefined, undefined)
    outbox.add(1, "large", 256 * 1024, undefined, undefined)
    assert.strictEqual(posts.length, 1)
    outbox.add(1, "after", 10, undefined, undefined)
    await Promise.resolve()
    await Promise.resolve()
    assert.deepStrictEqual(left(), [
      [1, "small"],
      [1, "large"],
      [1, "after"],
    ])
  })

  it("a batch is text when all of it is, and transfers nothing", async () => {
    const { outbox, posts } = recorded()
    const add = (body: unknown, isText: boolean, transfer?: ReadonlyArray<Transferable>) =>
      outbox.add(1, body, 10, transfer, undefined, isText)
    add("a", true)
    add("b", true)
    await Promise.resolve()
    add("c", true)
    add(Number.NaN, false)
    await Promise.resolve()
    add("d", true)
    await Promise.resolve()
    const moved = new ArrayBuffer(1)
    add("e", true, [moved])
    await Promise.resolve()
    assert.deepStrictEqual(
      posts.map(({ batch, isText }) => [batch.length / 2 - 1, isText]),
      [
        [2, true],
        [2, false],
        [1, true],
        [1, false],
      ],
    )
  })

  it("batches of one synchronous run grow, those of the next one begin small again", async () => {
    const { outbox, posts } = recorded()
    const counts = () => posts.splice(0).map(({ batch }) => batch.length / 2 - 1)
    for (let i = 0; i < 1000; i++) outbox.add(1, i, 10, undefined, undefined)
    await Promise.resolve()
    assert.deepStrictEqual(counts(), [32, 64, 128, 256, 256, 256, 8])
    for (let i = 0; i < 40; i++) outbox.add(1, i, 10, undefined, undefined)
    await Promise.resolve()
    assert.deepStrictEqual(counts(), [32, 8])
  })

  it("batches begin as large as suits the peer, within limits", async () => {
    const { outbox, posts } = recorded()
    const first = async (count: number) => {
      outbox.prefer(count)
      for (let i = 0; i < 1000; i++) outbox.add(1, i, 10, undefined, undefined)
      await Promise.resolve()
      return (posts.splice(0)[0]?.batch.length ?? 0) / 2 - 1
    }
    const preferred = [1, 64, 65, 200, 5000, -1]
    const firsts: Array<number> = []
    for (const count of preferred) firsts.push(await first(count))
    assert.deepStrictEqual(firsts, [32, 32, 65, 200, 256, 32])
  })

  it("an empty outbox posts nothing", async () => {
    const { outbox, posts } = recorded()
    outbox.flush()
    await Promise.resolve()
    assert.strictEqual(posts.length, 0)
  })

  it("what cannot be copied is refused alone; the others arrive once, in order", async () => {
    const { outbox, left, posts, refunds } = recorded()
    const { told, owner } = owned()
    outbox.add(1, "a", 100, undefined, owner("a"))
    outbox.add(1, () => {}, 10, undefined, owner("b"))
    outbox.add(2, "c", 30, undefined, owner("c"))
    outbox.add(1, "d", 20, undefined, undefined)
    await Promise.resolve()
    assert.deepStrictEqual(left(), [
      [1, "a"],
      [2, "c"],
      [1, "d"],
    ])
    assert.deepStrictEqual(told, ["a sent", "b refused", "c sent"])
    // What was added to the window is what leaves plus what is given back.
    assert.strictEqual(sum(posts.map(({ weight }) => weight)) + sum(refunds), 160)
    for (const { batch, weight } of posts) assert.strictEqual(batch[1], weight)
  })

  it("each message of a batch that was taken apart keeps what it transfers", async () => {
    const { outbox, left } = recorded()
    const { told, owner } = owned()
    const [one, two] = [new ArrayBuffer(3), new ArrayBuffer(4)]
    outbox.add(1, () => {}, 10, undefined, owner("bad"))
    outbox.add(1, one, 10, [one], owner("one"))
    outbox.add(1, two, 10, [two], owner("two"))
    await Promise.resolve()
    assert.deepStrictEqual(told, ["bad refused", "one sent", "two sent"])
    assert.deepStrictEqual(left(), [
      [1, new ArrayBuffer(3)],
      [1, new ArrayBuffer(4)],
    ])
  })

  it("a buffer that two messages transfer goes with the first, and the second is refused", async () => {
    const { outbox, left } = recorded()
    const { told, owner } = owned()
    const buffer = new ArrayBuffer(3)
    outbox.add(1, buffer, 10, [buffer], owner("one"))
    outbox.add(1, buffer, 10, [buffer], owner("two"))
    await Promise.resolve()
    assert.deepStrictEqual(told, ["one sent", "two refused"])
    assert.deepStrictEqual(left(), [[1, new ArrayBuffer(3)]])
  })

  it("what an owner sends when it is refused does not overtake the rest of the batch", async () => {
    const { outbox, left } = recorded()
    const heavy = 1024 * 1024
    outbox.add(1, () => {}, 10, undefined, {
      refused: () => outbox.add(1, "after", heavy, undefined, undefined),
    })
    outbox.add(1, "before", 10, undefined, undefined)
    await Promise.resolve()
    await Promise.resolve()
    assert.deepStrictEqual(left(), [
      [1, "before"],
      [1, "after"],
    ])
  })

  it("an owner that throws makes nothing leave twice, and the others are told", async () => {
    const { outbox, left } = recorded()
    const { told, owner } = owned()
    outbox.add(1, "a", 10, undefined, {
      refused: () => told.push("a refused"),
      sent: () => {
        throw new Error("a bug of the owner")
      },
    })
    outbox.add(1, "b", 10, undefined, owner("b"))
    try {
      outbox.flush()
    } catch {
      // Whether the bug shows here or later is not what this test is about.
    }
    await Promise.resolve()
    assert.deepStrictEqual(left(), [
      [1, "a"],
      [1, "b"],
    ])
    assert.notInclude(told, "a refused")
  })

  it("discarding tells the owners of what has not left, once", async () => {
    const { outbox, posts } = recorded()
    const { told, owner } = owned()
    outbox.add(1, "a", 10, undefined, owner("a"))
    outbox.discard("the end")
    outbox.discard("the end")
    await Promise.resolve()
    assert.deepStrictEqual(told, ["a refused"])
    assert.strictEqual(posts.length, 0)
  })
})
