/** Values of a fiber's context on their way to a thread: checked and encoded there, decoded here. */
import { Cause, Context, Effect, Exit, Schema } from "effect"
import type * as RpcGroup from "effect/rpc/RpcGroup"

import { Values } from "../Carried.ts"

/** By name. */
export type CarriedValues = Readonly<Record<string, unknown>>

interface Codec {
  readonly name: string
  readonly reference: Context.Reference<unknown>
  readonly encode: (value: unknown) => Effect.Effect<unknown, Schema.SchemaError>
  readonly decode: (value: unknown) => Effect.Effect<unknown, Schema.SchemaError>
}

/** What the tasks of one contract carry. */
export type Carrying = ReadonlyArray<Codec>

export const carryingOf = (group: RpcGroup.Any): Carrying => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every group has annotations
  const { annotations } = group as RpcGroup.RpcGroup<never>
  const { values } = Context.get(annotations, Values)
  return Object.entries(values).map(([name, { reference, schema }]) => {
    const codec = Schema.toCodecIso(schema)
    return {
      name,
      reference,
      encode: Schema.encodeUnknownEffect(codec),
      decode: Schema.decodeUnknownEffect(codec),
    }
  })
}

const valueOf = (
  { name }: Codec,
  what: "carried" | "brought",
  coded: Effect.Effect<unknown, Schema.SchemaError>,
): unknown => {
  const exit = Effect.runSyncExit(coded)
  if (Exit.isSuccess(exit)) return exit.value
  const cause = Cause.squash(exit.cause)
  const why = cause instanceof Error ? cause.message : String(cause)
  throw new TypeError(`${name}, which is ${what} along, does not fit: ${why}`, { cause })
}

/**
 * What the fiber provides of it, as copies: the tasks of one message must not share them. Throws for
 * what does not fit, or cannot be copied.
 */
export const carry = (
  carrying: Carrying,
  context: Context.Context<never>,
): CarriedValues | undefined => {
  let values: Record<string, unknown> | undefined
  for (const codec of carrying) {
    const { key } = codec.reference
    if (!context.mapUnsafe.has(key)) continue
    values ??= {}
    const encoded = valueOf(codec, "carried", codec.encode(context.mapUnsafe.get(key)))
    values[codec.name] = structuredClone(encoded)
  }
  return values
}

/** The context with what has arrived. Throws for what does not fit. */
export const arrive = (
  carrying: Carrying,
  values: CarriedValues | undefined,
  context: Context.Context<never>,
): Context.Context<never> => {
  if (values === undefined) return context
  let arrived = context
  for (const codec of carrying) {
    if (!Object.hasOwn(values, codec.name)) continue
    const value = valueOf(codec, "brought", codec.decode(values[codec.name]))
    arrived = Context.add(arrived, codec.reference, value)
  }
  return arrived
}
