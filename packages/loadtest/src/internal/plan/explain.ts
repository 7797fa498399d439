/** What is wrong with something that should be a plan, in one sentence. Pure. */
import * as Predicate from "effect/Predicate"
import * as SchemaIssue from "effect/SchemaIssue"

import { quote } from "./codecs.ts"
import { needs } from "./needs.ts"

interface Problem {
  readonly field: string
  readonly message: string
}

const issues = SchemaIssue.makeFormatterStandardSchemaV1()

const isField = (name: string): name is keyof typeof needs => Object.hasOwn(needs, name)

/** What the Schema of a plan found. */
export const issue = (input: unknown, issue: SchemaIssue.Issue): Problem => {
  const first = issues(issue).issues[0]
  const key = first?.path?.[0]
  const field = String(typeof key === "object" ? key.key : (key ?? ""))
  if (first === undefined || !isField(field)) {
    return { field: "", message: `a plan must be an object with a url, got ${quote(input)}` }
  }
  // Our own filters say more than what the field must be; their sentences begin with its name.
  if (first.message.startsWith(`${field} `)) return { field, message: first.message }
  const given = Predicate.hasProperty(input, field) ? input[field] : undefined
  return { field, message: `${needs[field]}, got ${quote(given)}` }
}

/** A Schema ignores what it does not know; a typing error must not pass by. */
export const unknownField = (input: unknown, known: ReadonlyArray<string>): Problem | undefined => {
  if (typeof input !== "object" || input === null) return undefined
  const field = Object.keys(input).find((key) => !known.includes(key))
  return field === undefined
    ? undefined
    : { field, message: `${quote(field)} is not a field of a plan: use ${known.join(", ")}` }
}
