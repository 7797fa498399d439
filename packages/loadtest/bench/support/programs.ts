/** Where the programs of the bench are, and how to start them. */
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

import { External } from "@manycore/testkit"

const program = (command: string, debian: string) => ({
  command,
  debian,
  path: External.locate({
    variable: command.toUpperCase(),
    commands: [command],
    paths: [`/usr/sbin/${command}`],
    debian,
  }),
})

export const programs = {
  nginx: program("nginx", "nginx-light"),
  wrk: program("wrk", "wrk"),
  ab: program("ab", "apache2-utils"),
  taskset: program("taskset", "util-linux"),
}

/** The absolute path of a program, or an error that says how to get it. */
export const need = (name: keyof typeof programs): string => {
  const { debian, path } = programs[name]
  if (path === undefined) {
    throw new Error(`${name} is not installed (Debian: apt-get install -y ${debian})`)
  }
  return path
}

const { resolve } = createRequire(import.meta.url)

/** The command of an npm package that is a devDependency of ours. */
const bin = (name: string, file: string): string =>
  join(dirname(resolve(`${name}/package.json`)), file)

/** The built command, as it is published. */
export const manyload: ReadonlyArray<string> = [
  process.execPath,
  new URL("../../dist/bin/main.js", import.meta.url).pathname,
]
export const autocannon: ReadonlyArray<string> = [
  process.execPath,
  bin("autocannon", "autocannon.js"),
]
export const loadtest: ReadonlyArray<string> = [
  process.execPath,
  bin("loadtest", "bin/loadtest.js"),
]
