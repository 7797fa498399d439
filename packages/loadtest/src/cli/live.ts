/**
 * Shows how a run is doing, on stderr: a screen that redraws itself on a terminal, a plain line now
 * and then elsewhere. It stops when it is interrupted, and leaves an empty screen and a cursor.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

import type * as LoadTest from "../LoadTest.ts"
import * as Plan from "../Plan.ts"
import type { Snapshot } from "../Snapshot.ts"
import * as Screen from "./render/Screen.ts"
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

/** Draws snapshots over each other; `clear` takes the last one away. */
export const screen = (terminal: Terminal, plan: Plan.Plan, colors: boolean) => {
  let history: Screen.History = []
  let drawn = 0
  let width = 0
  const begin = (columns: number): string => {
    if (drawn === 0) return hideCursor
    // A terminal that was made narrower has broken the lines anew: nobody knows how many there are.
    return columns === width ? up(drawn) : `${home}${clearBelow}`
  }
  return {
    draw: (now: Snapshot): void => {
      // A terminal that does not know its size says 0.
      const size = { columns: terminal.columns || 80, rows: terminal.rows || 24 }
      history = Screen.push(history, now)
      const lines = Screen.view(plan, history, now, size, colors)
      const text = lines.map((line) => `${line}${clearLine}\n`).join("")
      terminal.write(Secrets.mask(`${begin(size.columns)}${text}${clearBelow}`))
      drawn = lines.length
      width = size.columns
    },
    clear: (): void => {
      if (drawn > 0) terminal.write(`${up(drawn)}${clearBelow}${showCursor}`)
      drawn = 0
    },
  }
}

/** Between two pictures, in ms. */
const frame = 200

const animate = (terminal: Terminal, run: LoadTest.Run, colors: boolean): Effect.Effect<never> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const shown = screen(terminal, run.plan, colors)
      // A second Ctrl-C exits without releasing anything.
      process.once("exit", shown.clear)
      return shown
    }),
    (shown) => run.snapshot.pipe(Effect.map(shown.draw), Effect.delay(frame), Effect.forever),
    (shown) =>
      Effect.sync(() => {
        process.removeListener("exit", shown.clear)
        shown.clear()
      }),
  )

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

/** Goes on until it is interrupted. */
export const show = (
  terminal: Terminal,
  run: LoadTest.Run,
  capabilities: { readonly colors: boolean; readonly dumb: boolean },
): Effect.Effect<never> =>
  terminal.isTTY === true && !capabilities.dumb
    ? animate(terminal, run, capabilities.colors)
    : lines(terminal, run)
