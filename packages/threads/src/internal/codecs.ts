/**
 * How the values of a contract cross: the `Iso` side of their Schemas, checked. Native values stay
 * what they are. A codec that needs no services answers an Exit at once, so that a task costs no
 * fiber for it; a Schema of nothing costs nothing.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- the contract's own types are erased here; each
   value is checked against its Schema instead. */
// oxlint-disable-next-line import/no-unassigned-import -- it switches compiled checks on
import "effect/schema/SchemaJITCompiler/enable"
import type { Transferable as NodeTransferable } from "node:worker_threads"

import { RpcTransport } from "@manycore/ipc"
import { Context, Effect, Exit, Schema, SchemaIssue } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcSchema from "effect/rpc/RpcSchema"
import * as Transferable from "effect/workers/Transferable"

import { Moved } from "./wire/move.ts"

export type Codec = (value: unknown) => Effect.Effect<unknown, Schema.SchemaError>

export interface Codecs {
  readonly isStream: boolean
  /** The payload is nothing: it needs no codec. */
  readonly hasPayload: boolean
  readonly encodePayload: Codec
  readonly decodePayload: Codec
  readonly encodeSuccess: Codec
  readonly decodeSuccess: Codec
  readonly encodeError: Codec
  readonly decodeError: Codec
  /** What of a payload, or of a result, moves. */
  readonly payloadMoves: boolean
  readonly successMoves: boolean
}

const options = (rpc: Rpc.AnyWithProps) => Context.get(rpc.annotations, Rpc.ParseOptions)

const isVoid = (schema: Schema.Top): boolean => schema === (Schema.Void as Schema.Top)

const nothing: Codec = () => Exit.void

const encoder = (schema: Schema.Top, rpc: Rpc.AnyWithProps): Codec =>
  isVoid(schema)
    ? nothing
    : (Schema.encodeUnknownEffect(RpcTransport.codecFor(schema), options(rpc)) as Codec)

const decoder = (schema: Schema.Top, rpc: Rpc.AnyWithProps): Codec =>
  isVoid(schema)
    ? nothing
    : // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- it has services
      (Schema.decodeUnknownEffect(Schema.toCodecIso(schema), options(rpc)) as Codec)

/** Whether a Schema declares that something of it moves. */
const moves = (schema: Schema.Top): boolean =>
  RpcTransport.codecFor(schema).ast !== Schema.toCodecIso(schema).ast

const cache = new WeakMap<Rpc.AnyWithProps, Codecs>()

export const codecsOf = (rpc: Rpc.AnyWithProps): Codecs => {
  const known = cache.get(rpc)
  if (known !== undefined) return known
  const { errorSchema, payloadSchema, successSchema } = rpc
  const isStream = RpcSchema.isStreamSchema(successSchema)
  const success = isStream ? Schema.Array(successSchema.success) : successSchema
  const error = isStream ? Schema.Union([successSchema.error, errorSchema]) : errorSchema
  const hasPayload = !isVoid(payloadSchema)
  const codecs: Codecs = {
    isStream,
    hasPayload,
    encodePayload: encoder(payloadSchema, rpc),
    decodePayload: decoder(payloadSchema, rpc),
    encodeSuccess: encoder(success, rpc),
    decodeSuccess: decoder(success, rpc),
    encodeError: encoder(error, rpc),
    decodeError: decoder(error, rpc),
    payloadMoves: moves(payloadSchema),
    successMoves: moves(success),
  }
  cache.set(rpc, codecs)
  return codecs
}

/** Encode, and collect what the Schema declares to move. */
export const encodeMoving = (
  encode: Codec,
  value: unknown,
): Effect.Effect<Moved, Schema.SchemaError> => {
  const collector = Transferable.makeCollectorUnsafe()
  return encode(value).pipe(
    Effect.provideService(Transferable.Collector, collector),
    // Effect says what a browser can transfer; here it is Node that does, and refuses the rest.
    Effect.map((encoded) => new Moved(encoded, collector.readUnsafe() as Array<NodeTransferable>)),
  )
}

/** What `make` of a Schema throws says little; the issue behind it names the field. */
export const whyNotMade = (thrown: unknown): unknown =>
  thrown instanceof Error && SchemaIssue.isIssue(thrown.cause)
    ? new Schema.SchemaError(thrown.cause)
    : thrown

/** The rpcs of a group, their own types erased. */
export const rpcsOf = (group: RpcGroup.Any): ReadonlyArray<Rpc.AnyWithProps> => [
  ...(group as RpcGroup.RpcGroup<Rpc.AnyWithProps>).requests.values(),
]
