/**
 * Shows how a run or a search is doing, on stderr: a screen that redraws itself on a terminal, a plain
 * line now and then elsewhere. It stops when it is interrupted, and leaves an empty screen and a
 * cursor.
 */
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

import type { Probe } from "../Find.ts"
import type * as LoadTest from "../LoadTest.ts"
import * as Plan from "../Plan.ts"
import type { Snapshot } from "../Snapshot.ts"
import * as Rates from "./render/Rates.ts"
import * as Screen from "./render/Screen.ts"
import * as SearchScreen from "./render/SearchScreen.ts"
import * as Secrets from "./secrets.ts"

/** What is needed of `process.stderr`. */
export interface Terminal {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
  readonly write: (text: string) => unknown
}

const hideCursor = "\u001B[?25l"
const showCursor = "\u001B[?25h"
const clearBelow = "\u001B[J"
const home = "\u001B[H"
const clearLine = "\u001B[K"

/** To the first of so many lines. */
const up = (lines: number): string => (lines > 0 ? `\r\u001B[${lines}A` : "\r")

/** Draws pictures over each other; `clear` takes the last one away. */
const canvas = (terminal: Terminal) => {
  let drawn = 0
  let last: Screen.Size = { columns: 0, rows: 0 }
  const begin = (size: Screen.Size): string => {
    if (drawn === 0) return hideCursor
    // A terminal of another width has broken the lines anew, one with fewer rows has lost some: nobody
    // knows how many there are.
    const same = size.columns === last.columns && size.rows >= last.rows
    return same ? up(drawn) : `${home}${clearBelow}`
  }
  return {
    draw: (picture: (size: Screen.Size) => ReadonlyArray<string>): void => {
      // A terminal that does not know its size says 0.
      const size = { columns: terminal.columns || 80, rows: terminal.rows || 24 }
      const lines = picture(size)
      const text = lines.map((line) => `${line}${clearLine}\n`).join("")
      terminal.write(Secrets.mask(`${begin(size)}${text}${clearBelow}`))
      drawn = lines.length
      last = size
    },
    clear: (): void => {
      if (drawn > 0) terminal.write(`${up(drawn)}${clearBelow}${showCursor}`)
      drawn = 0
    },
  }
}

/** Between two pictures, in ms. */
const frame = 200

/** Draws again and again; takes the last picture away when it is interrupted. */
const animate = (
  draw: Effect.Effect<void>,
  { clear }: { readonly clear: () => void },
): Effect.Effect<never> =>
  Effect.acquireUseRelease(
    // A second Ctrl-C exits without releasing anything.
    Effect.sync(() => process.once("exit", clear)),
    () => draw.pipe(Effect.delay(frame), Effect.forever),
    () =>
      Effect.sync(() => {
        process.removeListener("exit", clear)
        clear()
      }),
  )

/** The screen of a run. */
export const screen = (terminal: Terminal, plan: Plan.Plan, colors: boolean) => {
  const { clear, draw } = canvas(terminal)
  let history: Screen.History = []
  return {
    draw: (now: Snapshot): void => {
      history = Screen.push(history, now)
      draw((size) => Screen.view(plan, history, now, size, colors))
    },
    clear,
  }
}

/** Between two lines: about ten in a run, from one in a second to one in half a minute. In ms. */
export const lineEvery = (plan: Plan.Plan): number => {
  const total = Plan.sendingTime(plan)
  return total === undefined
    ? 5000
    : Math.max(1000, Math.min(30_000, Duration.toMillis(total) / 10))
}

const lines = (terminal: Terminal, run: LoadTest.Run): Effect.Effect<never> =>
  run.snapshot.pipe(
    Effect.map((now) => terminal.write(`${Screen.line(now)}\n`)),
    Effect.delay(lineEvery(run.plan)),
    Effect.forever,
  )

const capabilities = (terminal: Terminal) =>
  Effect.map(TerminalCapabilities.TerminalCapabilities, ({ canColor }) => ({
    colors: canColor,
    draws: terminal.isTTY === true && process.env["TERM"] !== "dumb",
  }))

/** Shows a run until it is interrupted. */
export const run = Effect.fnUntraced(function* (terminal: Terminal, shown: LoadTest.Run) {
  const { colors, draws } = yield* capabilities(terminal)
  if (!draws) return yield* lines(terminal, shown)
  const picture = screen(terminal, shown.plan, colors)
  return yield* animate(Effect.map(shown.snapshot, picture.draw), picture)
})

/** The screen of a search; where there is no terminal, a line for each rate that was tried. */
export const search = Effect.fnUntraced(function* (terminal: Terminal, plan: Plan.Plan) {
  const { colors, draws } = yield* capabilities(terminal)
  const { clear, draw } = canvas(terminal)
  const probes: Array<Probe> = []
  let trying: { readonly rate: number; readonly run: LoadTest.Run } | undefined
  const picture = Effect.gen(function* () {
    const current =
      trying === undefined
        ? undefined
        : { rate: trying.rate, plan: trying.run.plan, now: yield* trying.run.snapshot }
    draw((size) => SearchScreen.view({ plan, probes, current }, size, colors))
  })
  return {
    onTry: (rate: number, run: LoadTest.Run) =>
      Effect.sync(() => {
        trying = { rate, run }
      }),
    onProbe: (probe: Probe) =>
      Effect.sync(() => {
        trying = undefined
        probes.push(probe)
        if (!draws) terminal.write(`${Secrets.mask(Rates.line(probe))}\n`)
      }),
    /** Goes on until it is interrupted. */
    show: draws ? animate(picture, { clear }) : Effect.never,
  }
})
