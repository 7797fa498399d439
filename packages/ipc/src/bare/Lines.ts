/** The lines on which a peer speaks, and who listens to them. */
import { isAnswers } from "./SendWindow.ts"

/**
 * What listens to a line. `weight` is the message's share of the window: a listener that keeps
 * messages answers `false` and calls `consume(weight)` later, any other answer has consumed it.
 */
export type Listener = (body: unknown, weight: number) => boolean | void

/** A peer that uses more names, or longer ones, is not one of ours. */
const mostNames = 16_384
const longestName = 4096

/** Whether a peer may use one name more. */
export const isTooMany = (count: number, name: string): boolean =>
  count > mostNames || name.length > longestName

interface Line {
  readonly isAnswers: boolean
  listener: Listener | undefined
  /** Body and weight of what came before anybody listened. */
  early: Array<readonly [body: unknown, weight: number]>
}

export class Lines {
  private readonly byNumber: Array<Line | undefined> = []
  private readonly byName = new Map<string, Line>()
  private readonly consumed: (weight: number, areAnswers: boolean) => void

  /** `consumed` is told of each message that a listener has not kept. */
  constructor(consumed: (weight: number, areAnswers: boolean) => void) {
    this.consumed = consumed
  }

  /** The peer gives a name its number; a sentence when it may not. */
  name(number: number, name: string): string | undefined {
    if (number !== Math.max(1, this.byNumber.length)) return "a line out of turn"
    if (isTooMany(number, name)) return "too many names"
    this.byNumber[number] = this.of(name)
    return undefined
  }

  /** A message has come; false on a line without a name. */
  hear(number: unknown, body: unknown, weight: number): boolean {
    const line = typeof number === "number" ? this.byNumber[number] : undefined
    if (line === undefined) return false
    if (line.listener === undefined) line.early.push([body, weight])
    else this.deliver(line, body, weight)
    return true
  }

  /** Answers how to stop. What came before is handed over at once. */
  listen(name: string, listener: Listener): () => void {
    const line = this.of(name)
    if (line.listener !== undefined) throw new Error(`the line ${name} has a listener already`)
    line.listener = listener
    const { early } = line
    line.early = []
    for (const [body, weight] of early) this.deliver(line, body, weight)
    return () => {
      if (line.listener === listener) line.listener = undefined
    }
  }

  private deliver(line: Line, body: unknown, weight: number): void {
    try {
      if (line.listener?.(body, weight) === false) return
    } catch (error) {
      // A bug of the listener, shown as any other uncaught error; the link goes on.
      queueMicrotask(() => {
        throw error
      })
    }
    this.consumed(weight, line.isAnswers)
  }

  private of(name: string): Line {
    let line = this.byName.get(name)
    if (line === undefined) {
      line = { isAnswers: isAnswers(name), listener: undefined, early: [] }
      this.byName.set(name, line)
    }
    return line
  }
}
