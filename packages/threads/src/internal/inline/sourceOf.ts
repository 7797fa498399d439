/**
 * The source of a function that may run elsewhere, or why it may not. The function is parsed, not tried:
 * a closure is refused before a thread is troubled, on every path of the function and with the names of
 * what it uses. What no source shows, stays unseen: a variable of the same name as a global is taken for
 * the global.
 */
import { type Expression, parse } from "acorn"

import { InlineError, NotSelfContained, UnsupportedFunction } from "../../InlineError.ts"
import { type Captured, capturedBy } from "./freeNames.ts"
import { helpers } from "./helpers.ts"

// oxlint-disable-next-line typescript/no-explicit-any -- any function: it is only read
export type AnyFunction = (...args: any) => unknown

const expression = (source: string): Expression | undefined => {
  try {
    // As in a module: the thread runs it in strict mode.
    const { body } = parse(source, { ecmaVersion: "latest", sourceType: "module" })
    const [statement] = body
    return statement?.type === "ExpressionStatement" ? statement.expression : undefined
  } catch {
    return undefined
  }
}

/** What kind of function cannot be moved, and what to write instead; or what it captures. */
const examine = (source: string): string | Captured => {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) {
    return "a native or bound function has no source; wrap the call in an arrow function"
  }
  const node = expression(`(${source}\n)`)
  if (node === undefined) {
    return expression(`({ ${source}\n})`) === undefined
      ? "its source is not JavaScript that a parser understands"
      : "it is a method; write it as a function or an arrow function"
  }
  if (node.type === "ClassExpression") return "it is a class; write a function that uses it inside"
  if (node.type !== "ArrowFunctionExpression" && node.type !== "FunctionExpression") {
    return "its source is not that of a function"
  }
  if (node.generator) return "it is a generator; return an array, or use a streaming task of a Pool"
  return capturedBy(node)
}

/** For messages. */
export const nameOf = (value: AnyFunction): string =>
  value.name === "" ? "the function" : `the function ${value.name}`

interface Checked {
  readonly source: string
  readonly problem: string | Captured
}

const checked = new WeakMap<AnyFunction, Checked>()

/**
 * Throws `InlineError` for what cannot run in a thread.
 *
 * @param given names that the thread gives to the function, besides the globals
 */
export const sourceOf = (value: AnyFunction, given: ReadonlyArray<string> = []): string => {
  if (typeof value !== "function") {
    const problem = "it is not a function"
    throw new InlineError({
      reason: new UnsupportedFunction({ function: `a value of type ${typeof value}`, problem }),
    })
  }
  let known = checked.get(value)
  if (known === undefined) {
    const source = Function.prototype.toString.call(value)
    known = { source, problem: examine(source) }
    checked.set(value, known)
  }
  const { problem, source } = known
  if (typeof problem === "string") {
    throw new InlineError({ reason: new UnsupportedFunction({ function: nameOf(value), problem }) })
  }
  const names = problem.names.filter(
    (name) => !(name in globalThis) && !helpers.includes(name) && !given.includes(name),
  )
  const captured = [...problem.words.filter((word) => !given.includes(word)), ...names]
  if (captured.length > 0) {
    throw new InlineError({ reason: new NotSelfContained({ function: nameOf(value), captured }) })
  }
  return source
}
