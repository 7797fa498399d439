/** What comes with a task besides its payload: the span of the calling fiber, and what it carries. */
import { type Context, Fiber, Tracer } from "effect"

import { carry, type Carrying } from "./carrying.ts"
import type { Extra } from "./wire/protocol.ts"

const nothing: Context.Context<never>["mapUnsafe"] = new Map()

/** Of the fiber that runs right now. Throws for a carried value that does not fit. */
export const extraOf = (carrying: Carrying): Extra | undefined => {
  const context = Fiber.getCurrent()?.context
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it stands under its own key
  const span = (context?.mapUnsafe ?? nothing).get(Tracer.ParentSpan.key) as
    | Tracer.AnySpan
    | undefined
  const carried =
    carrying.length === 0 || context === undefined ? undefined : carry(carrying, context)
  if (span === undefined) return carried === undefined ? undefined : { carried }
  const { sampled, spanId, traceId } = span
  const trace = { traceId, spanId, sampled }
  return carried === undefined ? { trace } : { trace, carried }
}
