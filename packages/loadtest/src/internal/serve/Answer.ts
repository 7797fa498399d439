/**
 * What the test server does with its n-th request: arithmetic only, `TestServer` does the waiting and
 * the sending.
 *
 * Shares are not drawn at random but spread evenly (a Kronecker sequence for each choice): of any
 * 1000 requests in a row, a share of 5 % takes 50, give or take two, and a server started again does
 * the same again.
 */
import * as Units from "../Units.ts"

/** Ways in which an answer can go wrong on the wire. */
export const faults = ["reset", "truncate", "close", "hang", "malformed", "drip"] as const
export type Fault = (typeof faults)[number]

/** How the end of a body is told. */
export const framings = ["length", "chunked", "close"] as const
export type Framing = (typeof framings)[number]

export const maxSize = 64 * 1024 ** 2

/** Times in ms, shares from 0 to 1. */
export interface Settings {
  readonly latency: { readonly min: number; readonly max: number }
  readonly slow: { readonly share: number; readonly latency: number }
  readonly status: number
  readonly statuses: ReadonlyArray<readonly [status: number, share: number]>
  readonly size: number
  readonly framing: Framing
  readonly faults: ReadonlyArray<readonly [fault: Fault, share: number]>
  readonly stall: { readonly every: number; readonly duration: number } | undefined
  /** How many requests it works on at the same time; `Infinity` without a limit. */
  readonly concurrency: number
}

export interface Answer {
  /** In ms. */
  readonly latency: number
  readonly status: number
  /** In bytes. */
  readonly size: number
  readonly framing: Framing
  readonly fault: Fault | undefined
}

/** The choices do not follow each other: their steps are independent irrational numbers. */
const steps = {
  fault: (Math.sqrt(5) - 1) / 2,
  status: Math.SQRT2 - 1,
  slow: Math.sqrt(3) - 1,
  latency: Math.sqrt(7) - 2,
}

/** From 0 to 1, evenly over any run of requests. */
const draw = (index: number, step: number): number => (0.5 + index * step) % 1

const pick = <A>(
  choices: ReadonlyArray<readonly [choice: A, share: number]>,
  at: number,
): A | undefined => {
  let edge = 0
  for (const [choice, share] of choices) {
    edge += share
    if (at < edge) return choice
  }
  return undefined
}

export const decide = (settings: Settings, index: number): Answer => {
  const { max, min } = settings.latency
  return {
    latency:
      draw(index, steps.slow) < settings.slow.share
        ? settings.slow.latency
        : min + (max - min) * draw(index, steps.latency),
    status: pick(settings.statuses, draw(index, steps.status)) ?? settings.status,
    size: settings.size,
    framing: settings.framing,
    fault: pick(settings.faults, draw(index, steps.fault)),
  }
}

const oneOf = <A extends string>(all: ReadonlyArray<A>, text: string): A | undefined =>
  all.find((one) => one === text)

/** Whether a server can send it as its final status. */
export const isStatus = (status: number): boolean =>
  Number.isInteger(status) && status >= 200 && status <= 999

type Chosen = { -readonly [K in keyof Answer]: Answer[K] }

/** Takes what a request says into the answer, or says what is wrong with it. */
const choices: Readonly<Record<string, (chosen: Chosen, text: string) => string | undefined>> = {
  latency: (chosen, text) => {
    const latency = Units.time(text)
    if (latency === undefined) return `latency must be a time such as 100ms, got ${text}`
    chosen.latency = latency
    return undefined
  },
  status: (chosen, text) => {
    const status = Number(text)
    if (!isStatus(status)) return `status must be from 200 to 999, got ${text}`
    chosen.status = status
    return undefined
  },
  size: (chosen, text) => {
    const size = Units.size(text)
    if (size === undefined || size > maxSize) return `size must be from 0 to 64m, got ${text}`
    chosen.size = size
    return undefined
  },
  framing: (chosen, text) => {
    const framing = oneOf(framings, text)
    if (framing === undefined) return `framing must be one of ${framings.join(", ")}, got ${text}`
    chosen.framing = framing
    return undefined
  },
  fault: (chosen, text) => {
    const fault = oneOf(faults, text)
    if (fault === undefined && text !== "none") {
      return `fault must be none or one of ${faults.join(", ")}, got ${text}`
    }
    chosen.fault = fault
    return undefined
  },
}

/** A request may choose its own answer: `/?latency=100ms&status=503&size=1k&fault=reset`. */
export const override = (answer: Answer, url: string): Answer | string => {
  const start = url.indexOf("?")
  if (start === -1) return answer
  const chosen: Chosen = { ...answer }
  for (const [name, text] of new URLSearchParams(url.slice(start + 1))) {
    const problem = Object.hasOwn(choices, name) ? choices[name]?.(chosen, text) : undefined
    if (problem !== undefined) return problem
  }
  return chosen
}

/** The first moment at or after `at` in which the server is not stalled; in ms since it began. */
const afterStall = (at: number, stall: Settings["stall"]): number => {
  if (stall === undefined || at < stall.every) return at
  const began = at - (at % stall.every)
  return at < began + stall.duration ? began + stall.duration : at
}

/**
 * When answers go out, in ms since the server began. A stalled server neither begins a request nor
 * sends an answer; one with a concurrency begins a request when one of those before it is through,
 * in their order.
 */
export const clock = ({ concurrency, stall }: Pick<Settings, "concurrency" | "stall">) => {
  /** When each of the workers is free again. */
  const free: Array<number> = []
  return (arrival: number, latency: number): number => {
    let worker = free.length
    if (worker >= concurrency) {
      worker = free.reduce((first, at, i) => (at < (free[first] ?? 0) ? i : first), 0)
    }
    const begins = afterStall(Math.max(arrival, free[worker] ?? 0), stall)
    const due = afterStall(begins + latency, stall)
    if (Number.isFinite(concurrency)) free[worker] = due
    return due
  }
}
