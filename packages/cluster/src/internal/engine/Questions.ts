/**
 * What people ask of the Fleet, one at a time and in the order in which it was asked. Each gets one
 * answer; when the Fleet has stopped, that it is stopping.
 */
import { Cause, Deferred, Effect } from "effect"

import {
  ReloadFailed,
  StartFailed,
  Stopping,
  SupervisorError,
  UnknownWorker,
} from "../../SupervisorError.ts"
import type * as Fleet from "../fleet/Fleet.ts"
import type { Spec } from "../Spec.ts"

type Heard<Tag extends Fleet.Event["_tag"]> = Omit<Extract<Fleet.Event, { _tag: Tag }>, "id">

/** A reload says what it changes: what that leads to is known when it begins, and may be impossible. */
interface Reload extends Omit<Heard<"Reload">, "generation"> {
  readonly change: (current: Spec) => Effect.Effect<Spec, SupervisorError>
}

/** What people ask. */
export type Question = Heard<"Scale"> | Heard<"Restart"> | Reload

/** A question whose turn has come. */
export type Request = Question & { readonly id: number }

interface Asked {
  readonly question: Question
  readonly answer: Deferred.Deferred<void, SupervisorError>
}

const stopping = () => new SupervisorError({ reason: new Stopping() })

const toError = (question: Question, refusal: Fleet.Refusal): SupervisorError => {
  if (refusal._tag === "UnknownWorker") {
    return new SupervisorError({ reason: new UnknownWorker({ id: refusal.slot }) })
  }
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

  /** The one that `next` told was heard. */
  heard(): void {
    this.isBeginning = false
  }

  answer(id: number, refusal: Fleet.Refusal | null): void {
    this.settle(id, ({ question }) =>
      refusal === null ? Effect.void : Effect.fail(toError(question, refusal)),
    )
  }

  /** It cannot even begin. */
  refuse(id: number, error: SupervisorError): void {
    this.settle(id, () => Effect.fail(error))
  }

  private settle(id: number, toExit: (asked: Asked) => Effect.Effect<void, SupervisorError>): void {
    const asked = this.begun.get(id)
    this.begun.delete(id)
    if (asked !== undefined) Deferred.doneUnsafe(asked.answer, toExit(asked))
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
