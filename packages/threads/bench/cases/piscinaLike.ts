/** Piscina and Tinypool, whose faces are alike. */
import { fileURLToPath } from "node:url"

import type { Runner } from "../Competitor.ts"

interface PoolLike {
  // oxlint-disable-next-line typescript/no-explicit-any -- the browser's type of the same list
  readonly run: (payload: unknown, options: any) => Promise<unknown>
  readonly destroy: () => Promise<void>
}

export const entryFile = (name: string): string =>
  fileURLToPath(new URL(`../entries/${name}.ts`, import.meta.url))

export const runnerOf = (pool: PoolLike): Runner => ({
  run: (name, payload, options) =>
    pool.run(payload, {
      name,
      ...(options?.signal === undefined ? {} : { signal: options.signal }),
      ...(options?.transfer === undefined ? {} : { transferList: [...options.transfer] }),
    }),
  close: () => pool.destroy(),
})
