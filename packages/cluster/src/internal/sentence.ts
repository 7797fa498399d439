/** A failure as one sentence for a person, without a stack. */
import { Cause } from "effect"

import { sentenceOf } from "./sentenceOf.ts"

export const sentence = (cause: Cause.Cause<unknown>): string => sentenceOf(Cause.squash(cause))
