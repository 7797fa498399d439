/**
 * What people ask of the Fleet, one at a time and in the order in which it was asked. Each gets one
 * answer; when the Fleet has stopped, that it is stopping.
 */
import { Cause, Deferred, Effect } from "effect"

import { ReloadFailed, StartFailed, Stopping, SupervisorError } from "../../SupervisorError.ts"
import type * as Fleet from "../fleet/Fleet.ts"

type Request = Extract<Fleet.Event, { readonly _tag: "Reload" | "Scale" | "Restart" }>

/** A request that has no number yet. */
export type Question = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never

interface Asked {
  readonly question: Question
  readonly answer: Deferred.Deferred<void, SupervisorError>
}

const stopping = () => new SupervisorError({ reason: new Stopping() })

const toError = (question: Question, refusal: Fleet.Refusal): SupervisorError => {
  if (refusal._tag !== "WorkerFailed") return stopping()
  const { failure, slot } = refusal
  return new SupervisorError({
    reason:
      question._tag === "Reload"
        ? new ReloadFailed({ id: slot, failure })
        : new StartFailed({ id: slot, failure }),
  })
}

export class Questions {
  private readonly waiting: Array<Asked> = []
  private readonly begun = new Map<number, Asked>()
  private readonly begin: () => void
  private nextId = 1
  private isBeginning = false
  private isOver = false

  /** @param begin called when something new was asked */
  constructor(begin: () => void) {
    this.begin = begin
  }

  /** Waits for the answer. Interrupted before it began, it never begins. */
  ask(question: Question): Effect.Effect<void, SupervisorError> {
    return Effect.suspend(() => {
      if (this.isOver) return Effect.fail(stopping())
      const asked = { question, answer: Deferred.makeUnsafe<void, SupervisorError>() }
      this.waiting.push(asked)
      this.begin()
      return Effect.onInterrupt(Deferred.await(asked.answer), () =>
        Effect.sync(() => {
          const at = this.waiting.indexOf(asked)
          if (at >= 0) this.waiting.splice(at, 1)
        }),
      )
    })
  }

  /** The next one, for the Fleet to hear; undefined while the one before it has not been heard. */
  next(): Request | undefined {
    const asked = this.isBeginning ? undefined : this.waiting.shift()
    if (asked === undefined) return undefined
    const id = this.nextId++
    this.isBeginning = true
    this.begun.set(id, asked)
    return { ...asked.question, id }
  }

  /** The Fleet has heard the one that `next` told. */
  heard(): void {
    this.isBeginning = false
  }

  answer(id: number, refusal: Fleet.Refusal | null): void {
    const asked = this.begun.get(id)
    this.begun.delete(id)
    if (asked === undefined) return
    const exit = refusal === null ? Effect.void : Effect.fail(toError(asked.question, refusal))
    Deferred.doneUnsafe(asked.answer, exit)
  }

  /** Nobody will answer any more. `cause` is a bug of ours, or the end of the engine. */
  end(cause: Cause.Cause<never>): void {
    this.isOver = true
    const exit = Cause.hasInterruptsOnly(cause) ? Effect.fail(stopping()) : Effect.failCause(cause)
    for (const { answer } of [...this.begun.values(), ...this.waiting.splice(0)]) {
      Deferred.doneUnsafe(answer, exit)
    }
    this.begun.clear()
  }
}
