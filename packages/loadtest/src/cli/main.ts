#!/usr/bin/env node
/** The command `manyload`: sets Node up for it, then loads the program. */
import * as Modules from "node:module"
import { setFlagsFromString } from "node:v8"

import * as Node from "./node.ts"

const problem = Node.problem(process.versions.node)
if (problem === undefined) {
  // Starts in half the time when what V8 compiled last time is still there.
  Modules.enableCompileCache()
  // The garbage of a request dies at once: a young generation that grows would only cost memory.
  setFlagsFromString("--semi-space-growth-factor=1")
  const { run } = await import("./program.ts")
  run()
} else {
  process.stderr.write(`manyload: ${problem}\n`)
  // `codes.broken`, which an old Node could not load.
  process.exitCode = 3
}
