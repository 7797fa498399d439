import { ThreadWorker } from "poolifier"

import { empty, mix, spin, touch } from "../work.ts"

export default new ThreadWorker<unknown>({
  empty,
  mix: (seed?: unknown) => mix(Number(seed)),
  touch: (bytes?: unknown) => (bytes instanceof Uint8Array ? touch(bytes) : undefined),
  spin,
})
