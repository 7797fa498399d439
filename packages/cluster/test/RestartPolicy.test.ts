import { assert, describe, it } from "@effect/vitest"
import { RestartPolicy } from "@manycore/cluster"
import { Schema } from "effect"

const policy = RestartPolicy.make()

describe("RestartPolicy", () => {
  it("restarts at once the first time, then after 100, 200, 400 ms, and never later than 5 s", () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => RestartPolicy.delay(policy, n))
    assert.deepStrictEqual(delays, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000])
  })

  it("counts crashes in a row, and from one again after a stable life", () => {
    assert.strictEqual(RestartPolicy.crashesInARow(policy, 0, 5), 1)
    assert.strictEqual(RestartPolicy.crashesInARow(policy, 3, 9_999), 4)
    assert.strictEqual(RestartPolicy.crashesInARow(policy, 3, 10_000), 1)
  })

  it.prop(
    "no delay is shorter than the one before it, and none is longer than maxDelay",
    [Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 }))],
    ([crashes]) => {
      const delay = RestartPolicy.delay(policy, crashes)
      assert.isAtLeast(RestartPolicy.delay(policy, crashes + 1), delay)
      assert.isAtMost(delay, 5000)
    },
  )
})
