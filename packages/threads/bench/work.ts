/**
 * What every case does: `inFlight` lanes that run tasks without a pause, each task once its lane's last
 * one has ended. It loads nothing of ours, because the raw case uses it.
 */
import type { Case } from "@manycore/bench"

export interface Work {
  readonly task: "Empty" | "Mix"
  readonly inFlight: number
}

export const threads = 2

const isWork = (input: unknown): input is Work =>
  typeof input === "object" && input !== null && "task" in input && "inFlight" in input

export const workOf = ({ input }: Case.Context): Work => {
  if (!isWork(input)) throw new Error("the workload's input is no Work")
  return input
}

/**
 * The CPU task: the same steps on every machine, so that its result can be checked, and as many as take
 * about 1 ms on a server core.
 */
export const mix = (seed: number): number => {
  let state = seed
  for (let i = 0; i < 850_000; i++) state = Math.imul(state ^ i, 16_777_619)
  return state
}

/** One pass: a competitor runs `inFlight` lanes, each of which takes a seed, runs, hands in the result. */
export interface Pass {
  readonly inFlight: number
  /** Seed of the next task; undefined when the time is over. */
  readonly next: () => number | undefined
  readonly ended: (seed: number, result: unknown) => void
}

/** Tasks per second. */
const passFor = async (
  millis: number,
  { inFlight }: Work,
  run: (pass: Pass) => Promise<unknown>,
  isRight: (seed: number, result: unknown) => boolean,
): Promise<number> => {
  let begun = 0
  let ended = 0
  const began = performance.now()
  await run({
    inFlight,
    next: () => (performance.now() - began < millis ? begun++ : undefined),
    ended: (seed, result) => {
      if (!isRight(seed, result)) throw new Error(`the result of task ${seed} is wrong`)
      ended++
    },
  })
  if (ended !== begun) throw new Error(`${ended} of ${begun} tasks have ended`)
  return (ended * 1000) / (performance.now() - began)
}

/**
 * A case whose check is its warm-up: there every 20th result of `Mix` is compared with what it must be,
 * since the comparison costs as much as the task.
 */
export const makeCase = (
  work: Work,
  run: (pass: Pass) => Promise<unknown>,
  close?: () => Promise<unknown>,
): Case.Case => {
  const isRight = (seed: number, result: unknown): boolean =>
    work.task === "Empty" ? result === undefined : seed % 20 !== 0 || result === mix(seed)
  return {
    check: async () => (await passFor(700, work, run, isRight)) > 0,
    measure: async () => {
      const value = await passFor(1500, work, run, () => true)
      return [{ metric: "tasks per second", unit: "1/s", value }]
    },
    close,
  }
}
