/**
 * What a link says about itself, on a line of its own: who uses which number, what was read, what is
 * served. It is free, or credits would be paid with credits for ever.
 */

/** The number of the line. Its bodies: a kind, then what belongs to it. */
export const controlLine = 0

const kinds = { name: 0, credit: 1, serve: 2, goodbye: 3, window: 4, answersCredit: 5 }

type Body = ReadonlyArray<unknown>

/** The messages of this name have this number from now on. */
export const nameBody = (line: number, name: string): Body => [kinds.name, line, name]

/** So many bytes were consumed, of answers or of other messages. */
export const creditBody = (bytes: number, areAnswers: boolean): Body => [
  areAnswers ? kinds.answersCredit : kinds.credit,
  bytes,
]

/** Calls of this line are answered from now on. */
export const serveBody = (name: string): Body => [kinds.serve, name]

/** Nothing more comes. */
export const goodbyeBody: Body = [kinds.goodbye]

/** This side's window has so many bytes. */
export const windowBody = (bytes: number): Body => [kinds.window, bytes]

export type Control =
  | { readonly kind: "name"; readonly line: number; readonly name: string }
  | { readonly kind: "credit"; readonly bytes: number; readonly areAnswers: boolean }
  | { readonly kind: "serve"; readonly name: string }
  | { readonly kind: "goodbye" }
  | { readonly kind: "window"; readonly bytes: number }

export const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0

/** What the peer says of itself; a sentence when it makes no sense. */
export const readControl = (body: unknown): Control | string => {
  if (!Array.isArray(body)) return "a malformed control message"
  const [kind, first, second]: ReadonlyArray<unknown> = body
  if (kind === kinds.goodbye) return { kind: "goodbye" }
  if (kind === kinds.serve && typeof first === "string") return { kind: "serve", name: first }
  if (isCount(first)) {
    if (kind === kinds.name && typeof second === "string") {
      return { kind: "name", line: first, name: second }
    }
    if (kind === kinds.credit || kind === kinds.answersCredit) {
      return { kind: "credit", bytes: first, areAnswers: kind === kinds.answersCredit }
    }
    if (kind === kinds.window) return { kind: "window", bytes: first }
  }
  return "an unknown control message"
}
