/** How the command ends: its exit codes, and the sentence that goes with one. */
import * as Schema from "effect/Schema"

/** See the README. */
export const codes = { ok: 0, failed: 1, usage: 2, broken: 3, interrupted: 130 } as const

/** Ends the process with `code`, after `sentence` on stderr. */
export class Failed extends Schema.TaggedError<Failed>()("Failed", {
  code: Schema.Int,
  sentence: Schema.optionalKey(Schema.String),
}) {}

/** What was typed cannot be done; the sentence says what to type instead. */
export const usage = (sentence: string): Failed => new Failed({ code: codes.usage, sentence })

/** It was typed right, but could not be run. */
export const broken = (sentence: string): Failed => new Failed({ code: codes.broken, sentence })
