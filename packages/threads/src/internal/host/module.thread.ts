/**
 * The entry file for tasks that are functions of any module. The pool's own module is loaded before
 * the first task; another one that a task names, when it is first named.
 */
import { type Handler, Host } from "./Host.ts"

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null

/** The functions of a module, those of a CommonJS one included, and the default one that it promises. */
const functionsOf = async (href: string): Promise<Map<string, Handler>> => {
  const exports: unknown = await import(href)
  const functions = new Map<string, Handler>()
  const add = async (from: unknown) => {
    if (!isRecord(from)) return
    for (const [name, exported] of Object.entries(from)) {
      // Another promise is not meant to be a task, and may never be fulfilled.
      const value: unknown = name === "default" ? await exported : exported
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whoever names it says it is a task
      if (typeof value === "function") functions.set(name, value as Handler)
    }
  }
  if (isRecord(exports)) await add(exports["default"])
  await add(exports)
  return functions
}

const modules = new Map<string, Promise<Map<string, Handler>>>()

const load = (href: string) => {
  const loaded = modules.get(href) ?? functionsOf(href)
  modules.set(href, loaded)
  return loaded
}

const missing =
  (href: string, name: string): Handler =>
  () => {
    throw new TypeError(`${href} exports no function ${name}`)
  }

/** A task that is not of the pool's own module: `file:///…#name`. */
const find =
  (own: string) =>
  (task: string): Handler => {
    const [href = own, name = task] = task.includes("#") ? task.split("#", 2) : [own, task]
    return async (payload, run) => {
      const handler = (await load(href)).get(name) ?? missing(href, name)
      return await handler(payload, run)
    }
  }

// It lives by its link to the pool.
void new Host({
  setup: async ({ module }) => {
    if (module === undefined) throw new Error("the pool names no module")
    return { handlers: await load(module), find: find(module) }
  },
  teardown: () => {},
})
