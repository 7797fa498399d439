/* oxlint-disable typescript/no-unsafe-type-assertion -- what is no function at all is tested too */
import { assert, describe, it } from "@effect/vitest"

import { type AnyFunction, sourceOf } from "../../src/internal/inline/sourceOf.ts"

/** Compiled at run time, so that neither tsc nor the test runner rewrites what is examined. */
const make = (source: string): AnyFunction => {
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-call -- the point of this test
  const made: unknown = new Function("outer", "limit", "return (" + source + ")")()
  assert.isFunction(made)
  return made as AnyFunction
}

const refusal = (source: string): string => {
  try {
    sourceOf(make(source))
    return "accepted"
  } catch (error) {
    assert.propertyVal(error, "_tag", "InlineError")
    return error instanceof Error ? error.message : ""
  }
}

describe("a function for a thread", () => {
  for (const source of [
    "(n) => n + 1",
    "async (n) => { await null; return n }",
    "function fact(n) { return n < 2 ? 1 : n * fact(n - 1) }",
    "function () { return this === undefined && arguments.length }",
    "({ a, b: [c, ...d], ...e }, f = a + c) => [a, c, d, e, f]",
    "() => { const x = 1; { let y = x; var z = y } return z }",
    "() => { for (let i = 0, n = 2; i < n; i++); for (const k in {}) k; for (const v of []) v }",
    "() => { try { hoisted() } catch ({ message }) { return message } function hoisted() {} }",
    "() => { switch (1) { case 1: let x = 1; return x } }",
    "() => { label: for (;;) { break label } }",
    "() => { class A extends Array { #p = 1; static { var s = this; s } m() { return super.m(this.#p) } } return new A() }",
    "() => ({ outer: 1, limit() { return this }, ['x']: 2 }).outer",
    "() => typeof outer === 'undefined'",
    "async () => (await import('node:os')).cpus().length",
    "() => [Math.max(1, 2), structuredClone, Buffer, process, console, performance, URL, Atomics]",
    "() => { const f = __name(() => 1, 'f'); return f() }",
    "() => { var outer = 1; return () => outer }",
    "() => function inner() { return inner && this && new.target }",
  ]) {
    it(`takes ${source}`, () => assert.strictEqual(refusal(source), "accepted"))
  }

  for (const [source, captured] of [
    ["() => outer", "outer"],
    ["() => { if (false) outer() ; limit = 1 }", "outer, limit"],
    ["(a = outer) => a", "outer"],
    ["() => { { let outer = 1 } return outer }", "outer"],
    ["() => ({ outer })", "outer"],
    ["() => ({ [outer]: 1 })", "outer"],
    ["() => `${outer}`", "outer"],
    ["() => { for (const x of outer) x }", "outer"],
    ["() => { const f = () => outer; { let outer } }", "outer"],
    ["() => class extends outer {}", "outer"],
    ["() => class { static x = limit }", "limit"],
    ["() => { try {} catch (outer) {} return outer }", "outer"],
    ["({ a: { b = outer } }) => b", "outer"],
    ["() => require('node:fs')", "require"],
    ["() => this", "this"],
    ["() => () => [arguments, this]", "arguments, this"],
    ["() => { const f = (n) => n < 1 ? 1 : outer(n - 1); return typeof outer }", "outer"],
  ] as const) {
    it(`refuses ${source}`, () =>
      assert.strictEqual(
        refusal(source),
        `the function uses ${captured} from outside itself, which a thread does not have; pass it as an argument, declare it inside, or import it inside with await import(…)`,
      ))
  }

  for (const [source, problem] of [
    ["function* () {}", /is a generator/],
    ["async function* () {}", /is a generator/],
    ["class {}", /is a class/],
    ["({ method() {} }).method", /^the function method cannot run in a thread: it is a method/],
    ["({ async method() {} }).method", /is a method/],
    ["Object.getOwnPropertyDescriptor({ get a() { return 1 } }, 'a').get", /is a method/],
    ["Math.max", /native or bound/],
    ["(() => 1).bind(null)", /native or bound/],
  ] as const) {
    it(`refuses ${source}`, () => assert.match(refusal(source), problem))
  }

  it("refuses what is no function, by its type", () => {
    assert.throws(() => sourceOf("() => 1" as never), /a value of type string .* not a function/)
  })
})
