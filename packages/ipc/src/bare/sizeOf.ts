/**
 * About how many bytes a value takes when it is copied: exact for what is large (buffers, strings),
 * a guess for what is small, and never slow: it looks at 64 values at most.
 */
const most = 64

export const sizeOf = (value: unknown): number => {
  let size = 0
  let left = most
  const stack: Array<unknown> = [value]
  while (stack.length > 0 && left-- > 0) {
    const next = stack.pop()
    if (typeof next === "string") size += next.length + 8
    else if (typeof next !== "object" || next === null) size += 8
    else if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer) size += next.byteLength + 16
    else if (next instanceof Map || next instanceof Set) size += 32 * next.size
    else if (Array.isArray(next)) {
      // Of a long array the first values stand for all.
      const seen = Math.min(next.length, 16)
      size += 8 * (next.length - seen) + 8
      for (let i = 0; i < seen; i++) stack.push(next[i])
    } else {
      size += 16
      for (const key in next) if (Object.hasOwn(next, key)) stack.push(Reflect.get(next, key))
    }
  }
  return size
}
