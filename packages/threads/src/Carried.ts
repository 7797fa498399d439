/**
 * Values of the calling fiber's context that its tasks find in their thread: a tenant, a locale, the id
 * of a request. A contract names them once, with a Schema each; whoever calls a task provides them as
 * any other reference, and nobody passes them on by hand.
 *
 * ```ts
 * export const Tenant = Context.Reference<string>("app/Tenant", { defaultValue: () => "nobody" })
 *
 * export const along = Carried.make({ tenant: Carried.value(Tenant, Schema.String) })
 *
 * export class Tasks extends RpcGroup.make(
 *   Rpc.make("Bill", { success: Schema.String }),
 * ).annotate(Carried.Values, along) {}
 *
 * tasks.Bill().pipe(Effect.provideService(Tenant, "acme"))
 * ```
 *
 * A handler with Effects reads the reference, `yield* Tenant`; a bare one, of
 * `serve<typeof Tasks, typeof along>`, finds `context.carried.tenant`. What the caller does not provide is
 * not sent: in the thread the reference has its default then. Where a contract carries nothing, it costs
 * nothing.
 *
 * @since 0.1.0
 */
import { Context, type Schema } from "effect"

/**
 * A reference whose value is carried, and how. `Iso` is what a bare handler gets.
 *
 * @category models
 * @since 0.1.0
 */
export interface Value<A, Iso> {
  readonly reference: Context.Reference<A>
  readonly schema: Schema.Codec<A, unknown> & { readonly Iso: Iso }
}

/**
 * Carried values of any type.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any {
  // oxlint-disable-next-line typescript/no-explicit-any -- each name has a type of its own
  readonly values: Readonly<Record<string, Value<any, unknown>>>
}

/**
 * Carried values by name.
 *
 * @category models
 * @since 0.1.0
 */
export interface Carried<Values extends Any["values"]> extends Any {
  readonly values: Values
}

/**
 * What a bare handler finds of them: what the caller did not provide is not there.
 *
 * @category models
 * @since 0.1.0
 */
export type Isos<Along> =
  Along extends Carried<infer Values>
    ? {
        readonly [Name in keyof Values]?: Values[Name] extends Value<infer _A, infer Iso>
          ? Iso
          : never
      }
    : Readonly<Record<string, unknown>>

/**
 * Carry the value of a reference. One that does not fit the Schema fails the task with `InvalidPayload`,
 * which names it. The Schema must need no services.
 *
 * @category constructors
 * @since 0.1.0
 */
export const value = <A, S extends Schema.Codec<A, unknown>>(
  reference: Context.Reference<A>,
  schema: S,
): Value<A, S["Iso"]> => ({ reference, schema })

/**
 * What the tasks of a contract carry, by the names under which it travels.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const Values extends Any["values"]>(values: Values): Carried<Values> => ({
  values,
})

/**
 * The annotation of a contract: what its tasks carry. Default nothing.
 *
 * @category annotations
 * @since 0.1.0
 */
export const Values: Context.Reference<Any> = Context.Reference<Any>("@manycore/threads/Carried", {
  defaultValue: () => ({ values: {} }),
})
