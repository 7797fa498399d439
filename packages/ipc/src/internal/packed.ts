/**
 * Lists without holes. The compiled encoders make a list by its length and fill it; V8 takes that for
 * one with holes and serializes it index by index, at four times the cost of a list that was grown.
 */
import { SchemaAST } from "effect"

type Pack = (value: unknown) => unknown

/** How to grow anew the lists in what a schema encodes to; undefined where it has none. */
const packOf = (ast: SchemaAST.AST): Pack | undefined => {
  if (SchemaAST.isArrays(ast)) {
    const [rest, ...more] = ast.rest
    const inner =
      rest !== undefined && more.length + ast.elements.length === 0 ? packOf(rest) : undefined
    // Turned round twice: the quickest way to a list without holes, four times as quick as `map`.
    if (inner === undefined) {
      return (value) => (Array.isArray(value) ? value.toReversed().toReversed() : value)
    }
    return (value) => (Array.isArray(value) ? value.map((part) => inner(part)) : value)
  }
  if (!SchemaAST.isObjects(ast)) return undefined
  const fields = ast.propertySignatures.flatMap(({ name, type }) => {
    const pack = packOf(type)
    return pack === undefined ? [] : [[name, pack] as const]
  })
  if (fields.length === 0) return undefined
  return (value) => {
    if (typeof value !== "object" || value === null) return value
    const copy: Record<PropertyKey, unknown> = { ...value }
    for (const [name, pack] of fields) if (name in copy) copy[name] = pack(copy[name])
    return copy
  }
}

/**
 * `packOf` for the encoded side of a codec. Lists inside of unions and of schemas that contain
 * themselves stay as they are: they are slower, not wrong.
 */
export const packerOf = (codec: SchemaAST.AST): Pack | undefined =>
  packOf(SchemaAST.toEncoded(codec))
