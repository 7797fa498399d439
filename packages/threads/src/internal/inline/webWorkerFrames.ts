/** What a `WebWorker` and its thread say to each other. */
import type { EncodedThrown } from "../wire/errors.ts"

export interface Script {
  readonly name: string
  readonly script:
    | { readonly kind: "function"; readonly source: string }
    | { readonly kind: "module"; readonly href: string }
}

export const MESSAGE = 0
export const ERROR = 1

/** The other way messages go as they are. */
export type FromThread =
  | readonly [kind: typeof MESSAGE, data: unknown]
  | readonly [kind: typeof ERROR, thrown: EncodedThrown]
