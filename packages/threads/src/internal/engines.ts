/** Which engine a pool stands on, for what is told of a pool besides its own face. */
import type { Engine } from "./engine/Engine.ts"

const byPool = new WeakMap<object, Engine>()

export const setEngine = <A extends object>(pool: A, engine: Engine): A => {
  byPool.set(pool, engine)
  return pool
}

export const engineOf = (pool: object): Engine => {
  const engine = byPool.get(pool)
  if (engine === undefined) throw new TypeError("this pool was not made by Pool.make")
  return engine
}
