/**
 * Which rpcs can travel as flat calls, and how their values are encoded: with `Schema.toCodecIso`,
 * so native values stay what they are and are checked. An encoder or decoder that needs no services
 * answers an Exit at once; then a call costs no fiber for it.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- the contract's own types are erased here; each
   value is checked against its Schema instead. */
// oxlint-disable-next-line import/no-unassigned-import -- it switches compiled checks on
import "effect/schema/SchemaJITCompiler/enable"
import { Context, type Effect, Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcSchema from "effect/rpc/RpcSchema"

import { codecFor } from "./codecFor.ts"

type Codec = (value: unknown) => Effect.Effect<unknown, Schema.SchemaError>

export interface FlatCodecs {
  readonly encodePayload: Codec
  readonly decodePayload: Codec
  readonly encodeSuccess: Codec
  readonly decodeSuccess: Codec
  readonly encodeExit: Codec
  readonly decodeExit: Codec
}

/** A stream needs acknowledgements and middleware needs headers: those take the full protocol. */
export const isFlat = (rpc: Rpc.AnyWithProps): boolean =>
  rpc.middlewares.size === 0 && !RpcSchema.isStreamSchema(rpc.successSchema)

const cache = new WeakMap<Rpc.AnyWithProps, FlatCodecs>()

const options = (rpc: Rpc.AnyWithProps) => Context.get(rpc.annotations, Rpc.ParseOptions)

const encoder = (schema: Schema.Top, rpc: Rpc.AnyWithProps) =>
  Schema.encodeUnknownEffect(codecFor(schema), options(rpc)) as Codec

const decoder = (schema: Schema.Top, rpc: Rpc.AnyWithProps) =>
  Schema.decodeUnknownEffect(codecFor(schema), options(rpc)) as Codec

export const flatCodecs = (rpc: Rpc.AnyWithProps): FlatCodecs => {
  let codecs = cache.get(rpc)
  if (codecs === undefined) {
    const exit = Rpc.exitSchema(rpc as never) as Schema.Top
    codecs = {
      encodePayload: encoder(rpc.payloadSchema, rpc),
      decodePayload: decoder(rpc.payloadSchema, rpc),
      encodeSuccess: encoder(rpc.successSchema, rpc),
      decodeSuccess: decoder(rpc.successSchema, rpc),
      encodeExit: encoder(exit, rpc),
      decodeExit: decoder(exit, rpc),
    }
    cache.set(rpc, codecs)
  }
  return codecs
}
