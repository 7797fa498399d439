/**
 * What every case does: `inFlight` lanes that call without a pause, each call once its lane's last one
 * is answered. It loads nothing of ours, because the raw case uses it.
 */
import type { Case } from "@manycore/bench"

export interface Work {
  readonly peer: "process" | "thread"
  readonly inFlight: number
  /**
   * `Greet`: a small message both ways. `Guarded`: the same through middleware. `Echo`: 64 KiB both
   * ways. `Numbers`: a stream of ten thousand numbers.
   */
  readonly call: "Greet" | "Guarded" | "Echo" | "Numbers"
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
  "call" in input

export const workOf = ({ input }: Case.Context): Work => {
  if (!isWork(input)) throw new Error("the workload's input is no Work")
  return input
}

export const greetingOf = (id: number): Greeting => ({ id, name: "Ada Lovelace" })

/** What `Greet` answers. */
export const greet = ({ id, name }: Greeting) => ({ id, text: `hello ${name}` })

const echoBytes = 65_536

/** Raw messages in processes that have loaded what ours load. */
export const besideOurs = "raw, in a program of Effect"

/** How many numbers one call of `Numbers` answers: 1, 2, 3 and so on. */
export const streamLength = 10_000

/** The CPU time that this process has used so far, all of its threads together, in µs. */
export const cpuOfProcess = (): number => {
  const { system, user } = process.cpuUsage()
  return user + system
}

/** Bytes that differ everywhere, so that a lost or repeated part shows. */
const pattern = Uint8Array.from({ length: echoBytes }, (_, i) => (i * 31 + (i >> 8)) & 255)

/**
 * One after the other, it takes a number, calls, and hands in the answer. Its bytes are its own, and
 * differ for each call: a transport that copies one array once for many calls would win nothing by it.
 */
export class Lane {
  /** Number of the next call; undefined when the time is over. */
  readonly next: () => number | undefined
  readonly answered: (call: number, answer: unknown) => void
  private readonly content: Buffer<ArrayBuffer>

  constructor(next: Lane["next"], check: (call: number, answer: unknown, sent: Buffer) => void) {
    this.next = next
    this.content = Buffer.from(pattern.slice().buffer)
    this.answered = (call, answer) => check(call, answer, this.content)
  }

  /** The payload of `Echo`: the number of the call stands in front. */
  bytes(call: number): Uint8Array<ArrayBuffer> {
    this.content.writeUInt32LE(call, 0)
    return new Uint8Array(this.content.buffer)
  }
}

type IsRight = (call: number, answer: unknown, sent: Buffer) => boolean

const isStruct = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

/** What can be seen at a glance, while it is measured. */
const looksRight: Record<Work["call"], IsRight> = {
  Greet: (call, answer) => isStruct(answer) && answer["id"] === call,
  Guarded: (call, answer) => isStruct(answer) && answer["id"] === call,
  Echo: (call, answer) =>
    answer instanceof Uint8Array &&
    answer.byteLength === echoBytes &&
    Buffer.from(answer.buffer, answer.byteOffset).readUInt32LE(0) === call,
  Numbers: (_, answer) => answer === streamLength,
}

/** All of it, while nothing is measured. */
const isAllRight: Record<Work["call"], IsRight> = {
  Greet: (call, answer) => JSON.stringify(answer) === JSON.stringify(greet(greetingOf(call))),
  Guarded: (call, answer) => JSON.stringify(answer) === JSON.stringify(greet(greetingOf(call))),
  Echo: (_, answer, sent) => answer instanceof Uint8Array && Buffer.compare(sent, answer) === 0,
  Numbers: (_, answer) => answer === streamLength,
}

/** Calls and seconds of one pass. */
const passFor = async (
  millis: number,
  { inFlight }: Work,
  run: (lanes: ReadonlyArray<Lane>) => Promise<unknown>,
  isRight: IsRight,
): Promise<{ readonly calls: number; readonly seconds: number }> => {
  let calls = 0
  let answers = 0
  let end = 0
  const next = () => (performance.now() < end ? calls++ : undefined)
  const check = (call: number, answer: unknown, sent: Buffer) => {
    if (!isRight(call, answer, sent)) throw new Error(`the answer to call ${call} is wrong`)
    answers++
  }
  const lanes = Array.from({ length: inFlight }, () => new Lane(next, check))
  const began = performance.now()
  end = began + millis
  await run(lanes)
  if (answers !== calls) throw new Error(`${answers} of ${calls} calls were answered`)
  return { calls, seconds: (performance.now() - began) / 1000 }
}

export interface Competitor {
  readonly run: (lanes: ReadonlyArray<Lane>) => Promise<unknown>
  /** The peer's `cpuOfProcess`, where it is a process of its own. */
  readonly cpuOfPeer: () => Promise<number>
  readonly close?: (() => Promise<unknown>) | undefined
}

/** Small calls are the compiler's affair for so long, in ms, besides the second of the check. */
const warmUp = 1500

/** A case whose check warms up, too: there every answer is compared with what it must be. */
export const makeCase = (work: Work, { close, cpuOfPeer, run }: Competitor): Case.Case => {
  const cpu = async () => cpuOfProcess() + (work.peer === "process" ? await cpuOfPeer() : 0)
  const [each, metric] =
    work.call === "Numbers" ? [streamLength, "values per second"] : [1, "calls per second"]
  return {
    check: async () => {
      const { calls } = await passFor(1000, work, run, isAllRight[work.call])
      if (work.call === "Greet") await passFor(warmUp, work, run, looksRight[work.call])
      return calls > 0
    },
    measure: async () => {
      const before = await cpu()
      const { calls, seconds } = await passFor(1000, work, run, looksRight[work.call])
      const used = (await cpu()) - before
      const what = work.call === "Numbers" ? "value" : "call"
      return [
        { metric, unit: "1/s", value: (calls * each) / seconds },
        { metric: `CPU per ${what}`, unit: "µs", value: used / (calls * each) },
      ]
    },
    close,
  }
}

/** The lanes of those who answer with promises. */
export const promiseLanes =
  (call: (n: number, lane: Lane) => Promise<unknown>): Competitor["run"] =>
  (lanes) =>
    Promise.all(
      lanes.map(async (lane) => {
        for (let n = lane.next(); n !== undefined; n = lane.next()) {
          lane.answered(n, await call(n, lane))
        }
      }),
    )
