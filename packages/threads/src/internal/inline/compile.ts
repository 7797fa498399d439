/** The thread's side of a function that came as source. Nothing of Effect. */
import { join } from "node:path"
import { constants, Script } from "node:vm"

// oxlint-disable-next-line typescript/no-explicit-any -- the caller's types say what it takes
type AnyFunction = (this: unknown, ...args: ReadonlyArray<any>) => unknown

const name = (target: unknown, value: string): unknown =>
  typeof target === "function"
    ? Object.defineProperty(target, "name", { value, configurable: true })
    : target

/** The helpers of `helpers.ts`, as a script may define them for the function alone. */
const prologue = "(__name) => { const __vite_ssr_dynamic_import__ = (file) => import(file); return "

/**
 * The function, compiled in strict mode. `import(…)` in it finds packages and relative files from the
 * working directory.
 */
export const compile = (source: string): AnyFunction => {
  const script = new Script(`"use strict"; (${prologue}(${source}\n) })`, {
    filename: join(process.cwd(), "inline function"),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the source was parsed as a function
  return (script.runInThisContext() as AnyFunction)(name) as AnyFunction
}
