/** An error that ended a worker, as plain data. Free of Effect: the worker says it. */
import type * as Worker from "../Worker.ts"
import { sentenceOf } from "./sentenceOf.ts"

/** Node's code of the error, or of what caused it. */
const codeOf = (error: unknown, depth = 0): string | null => {
  if (!(error instanceof Error) || depth > 8) return null
  return "code" in error && typeof error.code === "string"
    ? error.code
    : codeOf(error.cause, depth + 1)
}

export const toReport = (error: unknown): Worker.Report => ({
  name: error instanceof Error ? error.name : typeof error,
  message: error instanceof Error ? error.message : String(error),
  stack: error instanceof Error ? (error.stack ?? "") : "",
  code: codeOf(error),
  sentence: sentenceOf(error),
})
