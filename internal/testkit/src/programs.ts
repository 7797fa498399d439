/**
 * The external programs that tests use, and where they are looked for. Needs nothing but Node, so that
 * `npm test` can ask it what is on the machine before it loads a test.
 *
 * @since 0.1.0
 */
import { accessSync, constants, globSync, statSync } from "node:fs"
import { delimiter, join } from "node:path"

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
  // A terminal for a program that wants one; macOS has it too, with other arguments.
  script: {
    variable: "SCRIPT",
    commands: ["script"],
    paths: ["/usr/bin/script"],
    debian: "bsdutils",
  },
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
