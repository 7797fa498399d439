/**
 * What an experiment of the lab is: a question, real measurements that answer it, and the answer in
 * one sentence. Types and the list's shape only.
 */
import type { Effect } from "effect"
import type * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"

import type { LabError } from "./LabError.ts"

/** One document: `npm run --silent experiment NAME -- --json` prints it. */
export interface Result {
  readonly name: string
  readonly title: string
  readonly question: string
  readonly environment: {
    readonly node: string
    readonly cpu: string
    readonly cores: number
    readonly platform: string
    readonly date: string
  }
  /** The answer that these measurements give, in one sentence. */
  readonly verdict: string
}

/** What a result looks like to a person. */
export interface Picture {
  readonly result: Result
  /** Lines of text, without colour. */
  readonly lines: ReadonlyArray<string>
}

export interface Experiment {
  readonly name: string
  readonly title: string
  readonly question: string
  /** `progress` tells in a few words what is being done. */
  readonly run: (
    progress: (text: string) => Effect.Effect<void>,
  ) => Effect.Effect<Picture, LabError, ChildProcessSpawner.ChildProcessSpawner>
}
