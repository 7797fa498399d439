/**
 * In one message the same object arrives as one, shared by the tasks that were sent it: two tasks of
 * one batch would see each other's changes. So each batch remembers which objects it holds, and what
 * holds one of them, or is too large to look through, travels by itself.
 */

/** Objects of one payload that are looked at. */
const most = 32

export type Verdict = "new" | "known" | "unknown"

/**
 * Adds the objects inside of a value to `seen`.
 *
 * - `new`: none of them was there.
 * - `known`: one was; `seen` may hold some of the others now.
 * - `unknown`: it was not looked through, or a getter or a Proxy in it threw: whoever copies the value
 *   meets that again, and can say whose value it is.
 */
export const addObjects = (value: object, seen: Set<object>): Verdict => {
  try {
    return lookThrough(value, seen)
  } catch {
    return "unknown"
  }
}

const lookThrough = (value: object, seen: Set<object>): Verdict => {
  const stack: Array<object> = [value]
  for (let looked = 0; stack.length > 0; looked++) {
    if (looked === most) return "unknown"
    const next = stack.pop()
    if (next === undefined) break
    if (seen.has(next)) return "known"
    seen.add(next)
    if (ArrayBuffer.isView(next)) {
      if (next.buffer instanceof ArrayBuffer) stack.push(next.buffer)
    } else if (Array.isArray(next)) {
      if (next.length > most) return "unknown"
      for (const part of next) if (isObject(part)) stack.push(part)
    } else if (isPlain(next)) {
      for (const key in next) {
        const part: unknown = Reflect.get(next, key)
        if (isObject(part)) stack.push(part)
      }
    } else if (!isLeaf(next)) return "unknown"
  }
  return "new"
}

export const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Shared memory is meant to be shared. */
const isLeaf = (value: object): boolean =>
  value instanceof Date || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer
