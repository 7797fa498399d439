/* oxlint-disable vitest/expect-expect, vitest/no-conditional-tests, vitest/valid-title, vitest/no-disabled-tests -- this module registers the tests of others */
/**
 * External programs that tests use, under one rule: what is not on the machine is skipped loudly, and
 * under CI it is a failure. The programs stand in `programs.ts`; starting one is `Program`'s. A skipped test carries `needs PROGRAM` in its title, so the reporter's output names it.
 *
 * @since 0.1.0
 */
import { it as effectIt } from "@effect/vitest"
import type { Effect, Scope } from "effect"
import { test as vitestTest } from "vitest"

import { find, type Name, programs } from "./programs.ts"

export * from "./programs.ts"

/** @category models */
export type Verdict =
  | { readonly _tag: "Run"; readonly path: string }
  | { readonly _tag: "Skip"; readonly title: string }
  | { readonly _tag: "Fail"; readonly sentence: string }

/**
 * The rule. CI is on when the variable CI is set and neither "" nor "false".
 *
 * @category finding
 * @since 0.1.0
 */
export const judge = (
  program: Name,
  test: string,
  path: string | undefined,
  ci: string | undefined,
): Verdict => {
  const { debian, variable } = programs[program]
  if (path !== undefined) return { _tag: "Run", path }
  if (ci === undefined || ci === "" || ci === "false") {
    return {
      _tag: "Skip",
      title: `${test} (SKIPPED: needs ${program}; install it or set ${variable})`,
    }
  }
  return {
    _tag: "Fail",
    sentence: `this test needs ${program}: install it (Debian: apt-get install -y ${debian}) or set ${variable} to its path`,
  }
}

const decide = (program: Name, name: string): Verdict =>
  judge(program, name, find(program), process.env["CI"])

/**
 * Vitest's `test` for a test that needs a program; the body gets its path.
 *
 * @param timeout milliseconds; default is Vitest's
 * @category testing
 * @since 0.1.0
 */
export const test = (
  program: Name,
  name: string,
  body: (path: string) => void | Promise<void>,
  timeout?: number,
): void => {
  const verdict = decide(program, name)
  if (verdict._tag === "Run") return vitestTest(name, () => body(verdict.path), timeout)
  if (verdict._tag === "Skip") return vitestTest.skip(verdict.title, () => {})
  return vitestTest(name, () => {
    throw new Error(verdict.sentence)
  })
}

/**
 * `it.live` for a test that needs a program; the body gets its path.
 *
 * @param timeout milliseconds; default is Vitest's
 * @category testing
 * @since 0.1.0
 */
export const live = <A, E>(
  program: Name,
  name: string,
  body: (path: string) => Effect.Effect<A, E, Scope.Scope>,
  timeout?: number,
): void => {
  const verdict = decide(program, name)
  if (verdict._tag === "Run") effectIt.live(name, () => body(verdict.path), timeout)
  else test(program, name, () => {})
}
