/**
 * One of the addresses that a plan loads, and what is sent there.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import * as Codecs from "./internal/plan/codecs.ts"

/**
 * One of several addresses. `weight` (default 1) is its share of the requests; `name` (default
 * method and path) is its name in the report; what is left out is as the plan says.
 *
 * @category models
 * @since 0.1.0
 */
export const Target = Schema.Struct({
  url: Schema.String,
  name: Schema.optional(Schema.String),
  weight: Codecs.wholeNumber(1, 1_000_000).pipe(Schema.withDecodingDefault(Effect.succeed(1))),
  ...Codecs.request,
})

/**
 * @category models
 * @since 0.1.0
 */
export type Target = typeof Target.Type

/**
 * What a plan says for all of its targets.
 *
 * @category models
 * @since 0.1.0
 */
export interface Defaults extends Pick<Target, "body" | "expectStatus" | "expectBody"> {
  readonly method: NonNullable<Target["method"]>
  readonly headers: NonNullable<Target["headers"]>
}

/**
 * A target with everything that its plan says for it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Resolved extends Defaults {
  readonly url: string
  readonly name: string
  readonly weight: number
}

/**
 * Fills in what a target leaves to its plan; headers of both are sent, the target's win.
 *
 * @category combinators
 * @since 0.1.0
 */
export const resolve = (target: Target, plan: Defaults): Resolved => {
  const method = target.method ?? plan.method
  const { pathname, search } = new URL(target.url)
  return {
    url: target.url,
    name: target.name ?? `${method} ${pathname}${search}`,
    weight: target.weight,
    method,
    headers: { ...plan.headers, ...target.headers },
    body: target.body ?? plan.body,
    expectStatus: target.expectStatus ?? plan.expectStatus,
    expectBody: target.expectBody ?? plan.expectBody,
  }
}
