/** A thread that runs functions which come as source. It loads nothing of Effect. */
import { serve } from "../../bare.ts"
import { isThenable } from "../host/isThenable.ts"
import { encodeThrown } from "../wire/errors.ts"
import { compile } from "./compile.ts"
import type { InlineTasks, Outcome } from "./InlineTasks.ts"

type Compiled = ReturnType<typeof compile>

/** Functions that were compiled here; a program that makes ever new ones does not fill the memory. */
const compiled = new Map<string, Compiled>()
const MOST = 1000

const functionOf = (source: string): Compiled => {
  let known = compiled.get(source)
  if (known === undefined) {
    known = compile(source)
    if (compiled.size >= MOST) compiled.clear()
    compiled.set(source, known)
  }
  return known
}

const returned = (value: unknown): Outcome => ({ _tag: "Returned", value })
const threw = (error: unknown): Outcome => ({ _tag: "Threw", thrown: encodeThrown(error) })

serve<typeof InlineTasks>({
  Run: ({ args, source }) => {
    try {
      const value = functionOf(source)(...args)
      return isThenable(value) ? value.then(returned, threw) : returned(value)
    } catch (error) {
      return threw(error)
    }
  },
  RunEach: async ({ items, source }: { items: Iterable<unknown>; source: string }) => {
    try {
      const run = functionOf(source)
      const results: Array<unknown> = []
      for (const item of items) results.push(await run(item))
      return returned(results)
    } catch (error) {
      return threw(error)
    }
  },
})
