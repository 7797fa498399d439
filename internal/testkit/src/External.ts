/* oxlint-disable vitest/expect-expect, vitest/no-conditional-tests, vitest/valid-title, vitest/no-disabled-tests -- this module registers the tests of others */
/**
 * External programs that tests use, under one rule: what is not on the machine is skipped loudly, and
 * under CI it is a failure. Owns the table of programs and where they are looked for; starting one is
 * `Program`'s. A skipped test carries `needs PROGRAM` in its title, so the reporter's output names it.
 *
 * @since 0.1.0
 */
import { accessSync, constants, globSync, statSync } from "node:fs"
import { delimiter, join } from "node:path"

import { it as effectIt } from "@effect/vitest"
import type { Effect, Scope } from "effect"
import { test as vitestTest } from "vitest"

/** @category models */
export interface External {
  /** Environment variable that names the executable; it wins over everything else. */
  readonly variable: string
  /** Names looked for in PATH. */
  readonly commands: ReadonlyArray<string>
  /** Well-known places, tried last; a `*` stands for any version. */
  readonly paths: ReadonlyArray<string>
  /** What installs it on Debian. */
  readonly debian: string
}

/**
 * Every external program that tests may use.
 *
 * @category programs
 * @since 0.1.0
 */
export const programs = {
  chromium: {
    variable: "CHROMIUM",
    commands: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    paths: [
      "/usr/bin/chromium",
      "/snap/bin/chromium",
      "/Applications/Chromium.app/Contents/MacOS/Chromium",
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ],
    debian: "chromium",
  },
  "redis-server": {
    variable: "REDIS_SERVER",
    commands: ["redis-server", "valkey-server"],
    paths: [
      "/usr/bin/redis-server",
      "/usr/local/bin/redis-server",
      "/opt/homebrew/bin/redis-server",
    ],
    debian: "redis-server",
  },
  postgres: {
    variable: "POSTGRES",
    commands: ["postgres"],
    paths: [
      "/usr/lib/postgresql/*/bin/postgres",
      "/usr/local/bin/postgres",
      "/opt/homebrew/opt/postgresql@*/bin/postgres",
    ],
    debian: "postgresql",
  },
  nginx: {
    variable: "NGINX",
    commands: ["nginx"],
    paths: ["/usr/sbin/nginx", "/usr/local/bin/nginx", "/opt/homebrew/bin/nginx"],
    debian: "nginx",
  },
  haproxy: {
    variable: "HAPROXY",
    commands: ["haproxy"],
    paths: ["/usr/sbin/haproxy", "/usr/local/bin/haproxy", "/opt/homebrew/bin/haproxy"],
    debian: "haproxy",
  },
  lsof: { variable: "LSOF", commands: ["lsof"], paths: ["/usr/sbin/lsof"], debian: "lsof" },
  ps: { variable: "PS", commands: ["ps"], paths: ["/bin/ps"], debian: "procps" },
} as const satisfies Record<string, External>

/** @category models */
export type Name = keyof typeof programs

/** @category models */
export type Environment = Readonly<Record<string, string | undefined>>

const executable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** A path as it is, a pattern as the matches it has, newest version first. */
const expand = (path: string): ReadonlyArray<string> =>
  path.includes("*")
    ? globSync(path).toSorted((a, b) => b.localeCompare(a, "en", { numeric: true }))
    : [path]

/**
 * Where an entry's executable is: its variable, then PATH, then the well-known places. A variable that
 * names no executable counts as missing, so that a typing error is not hidden by another installation.
 *
 * @category finding
 * @since 0.1.0
 */
export const locate = (
  entry: External,
  environment: Environment = process.env,
): string | undefined => {
  const named = environment[entry.variable]
  if (named !== undefined && named !== "") return executable(named) ? named : undefined
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "")
  return [
    ...entry.commands.flatMap((command) => folders.map((folder) => join(folder, command))),
    ...entry.paths.flatMap(expand),
  ].find(executable)
}

/**
 * The absolute path of a program, or undefined.
 *
 * @category finding
 * @since 0.1.0
 */
export const find = (name: Name, environment: Environment = process.env): string | undefined =>
  locate(programs[name], environment)

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
