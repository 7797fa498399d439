/** What comes with a task besides its payload: the span of the calling fiber, and what it carries. */
import { type Context, Fiber, Tracer } from "effect"

import { carry, type Carrying } from "./carrying.ts"
import type { Extra } from "./wire/protocol.ts"

const nothing: Context.Context<never>["mapUnsafe"] = new Map()

const traces = new WeakMap<Tracer.AnySpan, Extra>()

/** One object for each span: in a message that holds it many times it is copied once. */
const traceOf = (span: Tracer.AnySpan): Extra => {
  const known = traces.get(span)
  if (known !== undefined) return known
  const { sampled, spanId, traceId } = span
  const extra: Extra = { trace: { traceId, spanId, sampled } }
  traces.set(span, extra)
  return extra
}

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
  const extra = traceOf(span)
  return carried === undefined ? extra : { ...extra, carried }
}
