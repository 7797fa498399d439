import { serialize } from "node:v8"

import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema } from "effect"
// oxlint-disable-next-line import/no-unassigned-import -- as a channel does it
import "effect/schema/SchemaJITCompiler/enable"

import { codecFor } from "../src/internal/codecFor.ts"

const numbers = Array.from({ length: 4096 }, (_, i) => i)

const cases: ReadonlyArray<
  readonly [name: string, schema: Schema.Codec<unknown, unknown>, value: unknown]
> = [
  ["a list", Schema.Array(Schema.Int), numbers],
  ["a list that is not empty", Schema.NonEmptyArray(Schema.Int), numbers],
  ["a list in an object", Schema.Struct({ numbers: Schema.Array(Schema.Int) }), { numbers }],
  ["lists in a list", Schema.Array(Schema.Array(Schema.Int)), [numbers, numbers.slice(1)]],
  [
    "lists in objects in a list",
    Schema.Array(Schema.Struct({ numbers: Schema.optionalKey(Schema.Array(Schema.Int)) })),
    [{ numbers }, {}],
  ],
]

describe("codecFor", () => {
  for (const [name, schema, value] of cases) {
    it(`encodes ${name} at once, unchanged, and as V8 copies it fastest`, () => {
      const codec = codecFor(schema)
      const encoded = Schema.encodeUnknownEffect(codec)(value)
      assert.isTrue(Exit.isExit(encoded))
      const sent = Effect.runSync(encoded)
      const bytes = serialize(sent).byteLength
      assert.strictEqual(bytes, serialize(value).byteLength)
      assert.deepStrictEqual(sent, value)
      const decoded = Schema.decodeUnknownEffect(codec)(sent)
      assert.deepStrictEqual(Effect.runSync(decoded), value)
    })
  }
})
