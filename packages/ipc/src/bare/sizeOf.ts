/**
 * About how many bytes a value takes when it is copied: exact for what is large (buffers, strings),
 * a guess for what is small, and never slow: it looks at 64 values at most.
 */
const most = 64
const sampled = 16

export const sizeOf = (value: unknown): number => {
  let size = 0
  let left = most
  const stack: Array<readonly [scale: number, value: unknown]> = [[1, value]]
  while (stack.length > 0 && left-- > 0) {
    const [scale, next] = stack.pop() ?? [1, undefined]
    if (typeof next === "string") size += scale * (next.length + 8)
    else if (typeof next !== "object" || next === null) size += scale * 8
    else if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer)
      size += scale * (next.byteLength + 16)
    else if (next instanceof Map || next instanceof Set || Array.isArray(next)) {
      // The first values stand for all: each of them counts for its share of the others, too.
      const count = Array.isArray(next) ? next.length : next.size
      let seen = 0
      for (const [key, part] of next.entries()) {
        if (seen++ === sampled) break
        const share = count > sampled ? count / sampled : 1
        stack.push([share * scale, part])
        if (next instanceof Map) stack.push([share * scale, key])
      }
      size += 8 * scale
    } else {
      size += scale * 16
      for (const key in next)
        if (Object.hasOwn(next, key)) stack.push([scale, Reflect.get(next, key)])
    }
  }
  return size
}
