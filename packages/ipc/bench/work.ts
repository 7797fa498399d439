/**
 * What every case does: `inFlight` lanes that call without a pause, each call once its lane's last one
 * is answered. It loads nothing of ours, because the raw case uses it.
 */
import type { Case } from "@manycore/bench"

export interface Work {
  readonly peer: "process" | "thread"
  readonly inFlight: number
  /** Bytes to echo in each call; 0 for `Greet`, a small message both ways. */
  readonly echo: number
}

/** The payload of `Greet`. */
export interface Greeting {
  readonly id: number
  readonly name: string
}

const isWork = (input: unknown): input is Work =>
  typeof input === "object" &&
  input !== null &&
  "peer" in input &&
  "inFlight" in input &&
  "echo" in input

export const workOf = ({ input }: Case.Context): Work => {
  if (!isWork(input)) throw new Error("the workload's input is no Work")
  return input
}

export const greetingOf = (id: number): Greeting => ({ id, name: "Ada Lovelace" })

/** What `Greet` answers. */
export const greet = ({ id, name }: Greeting) => ({ id, text: `hello ${name}` })

/** Bytes that differ everywhere, so that a lost or repeated part shows. */
export const bytesOf = ({ echo }: Work): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: echo }, (_, i) => (i * 31 + (i >> 8)) & 255)

/** One pass: a competitor runs `inFlight` lanes, each of which takes a number, calls, hands in the answer. */
export interface Pass {
  readonly inFlight: number
  /** Number of the next call; undefined when the time is over. */
  readonly next: () => number | undefined
  readonly answered: (call: number, answer: unknown) => void
}

/** Calls per second. */
const passFor = async (
  millis: number,
  { inFlight }: Work,
  run: (pass: Pass) => Promise<unknown>,
  isRight: (call: number, answer: unknown) => boolean,
): Promise<number> => {
  let calls = 0
  let answers = 0
  const began = performance.now()
  await run({
    inFlight,
    next: () => (performance.now() - began < millis ? calls++ : undefined),
    answered: (call, answer) => {
      if (!isRight(call, answer)) throw new Error(`the answer to call ${call} is wrong`)
      answers++
    },
  })
  if (answers !== calls) throw new Error(`${answers} of ${calls} calls were answered`)
  return (answers * 1000) / (performance.now() - began)
}

/** A case whose check is its warm-up: there every answer is compared with what it must be. */
export const makeCase = (
  work: Work,
  run: (pass: Pass) => Promise<unknown>,
  close?: () => Promise<unknown>,
): Case.Case => {
  const bytes = bytesOf(work)
  const isRight = (call: number, answer: unknown): boolean =>
    work.echo === 0
      ? JSON.stringify(answer) === JSON.stringify(greet(greetingOf(call)))
      : answer instanceof Uint8Array && Buffer.compare(bytes, answer) === 0
  return {
    check: async () => (await passFor(500, work, run, isRight)) > 0,
    measure: async () => {
      const value = await passFor(1000, work, run, () => true)
      return [{ metric: "calls per second", unit: "1/s", value }]
    },
    close,
  }
}
