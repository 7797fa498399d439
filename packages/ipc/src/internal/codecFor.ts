/**
 * How values are encoded on every channel: with `Schema.toCodecIso`, so native values stay what they
 * are and are checked. A schema that declares what to transfer (`effect/workers/Transferable`) hands
 * that to the `Collector` while it is encoded. `toCodecIso` alone would forget it, for it looks at the
 * type side only, and the declaration stands between the sides.
 */
import { Context, Effect, Option, Schema, type SchemaAST, SchemaGetter } from "effect"
import type * as RpcSerialization from "effect/rpc/RpcSerialization"
import * as Transferable from "effect/workers/Transferable"

import { packerOf } from "./packed.ts"

const linkOf = ({ annotations }: SchemaAST.AST): unknown => {
  const getLink: unknown = annotations?.["toCodecJson"]
  return typeof getLink === "function" ? getLink([]) : undefined
}

/** All that `Transferable.schema` makes have this one link. */
const mark = linkOf(Transferable.MessagePort.ast)

const childrenOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Declaration": {
      return ast.typeParameters
    }
    case "Arrays": {
      return [...ast.elements, ...ast.rest]
    }
    case "Objects": {
      return [
        ...ast.propertySignatures.map(({ type }) => type),
        ...ast.indexSignatures.map(({ type }) => type),
      ]
    }
    case "Union": {
      return ast.types
    }
    case "Suspend": {
      return [ast.thunk()]
    }
    default: {
      return []
    }
  }
}

/** Whether a schema declares something to transfer, in any of its parts. */
const transfers = (schema: Schema.Constraint): boolean => {
  const seen = new Set<SchemaAST.AST>()
  const left = [schema.ast]
  for (let ast = left.pop(); ast !== undefined; ast = left.pop()) {
    if (seen.has(ast)) continue
    seen.add(ast)
    if (mark !== undefined && linkOf(ast) === mark) return true
    left.push(...childrenOf(ast), ...(ast.encoding ?? []).map(({ to }) => to))
  }
  return false
}

/** The value as it is; its declared transfers are noted where somebody collects them. */
const collecting = <S extends Schema.Top>(
  schema: S,
): SchemaGetter.Getter<S["Type"], S["Type"], S["EncodingServices"]> => {
  const encode = Schema.encodeEffect(schema)
  return SchemaGetter.transformEffect((value, options) =>
    Effect.contextWith((services: Context.Context<S["EncodingServices"]>) =>
      Option.isNone(Context.getOption(services, Transferable.Collector))
        ? Effect.succeed(value)
        : encode(value, options).pipe(
            Effect.mapError(({ issue }) => issue),
            Effect.as(value),
          ),
    ),
  )
}

/** What leaves is a value as V8 copies it fastest. */
const withPackedLists = <T, RD, RE>(codec: Schema.Codec<T, unknown, RD, RE>) => {
  const pack = packerOf(codec.ast)
  return pack === undefined
    ? codec
    : codec.pipe(
        Schema.encodeTo(Schema.Unknown, {
          decode: SchemaGetter.passthrough(),
          encode: SchemaGetter.transform(pack),
        }),
      )
}

/** The codec of a schema. One that declares transfers is encoded twice: that is how they are found. */
export const codecFor: RpcSerialization.CodecFor = <S extends Schema.Top>(schema: S) => {
  const codec = withPackedLists(Schema.toCodecIso(schema))
  if (!transfers(schema)) return codec
  return codec.pipe(
    Schema.decodeTo(Schema.toType(schema), {
      decode: SchemaGetter.passthrough(),
      encode: collecting(schema),
    }),
  )
}
