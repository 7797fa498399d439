/** Files, streams and signals of the command. */
import { constants } from "node:fs"
import { access, readFile, stat, writeFile } from "node:fs/promises"
import { dirname } from "node:path"

import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { broken, codes, type Failed, usage } from "./exit.ts"
import * as Secrets from "./secrets.ts"

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "this user may not",
  EPERM: "this user may not",
  EISDIR: "it is a folder",
  ENOTDIR: "its folder is a file",
  ENOSPC: "the disk is full",
  EROFS: "the disk is read-only",
}

const why = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  return reasons[code] ?? (error instanceof Error ? error.message : String(error))
}

/** The content of a file that a flag names. */
const read = (flag: string, file: string): Effect.Effect<Uint8Array, Failed> =>
  Effect.tryPromise({
    try: () => readFile(file),
    catch: (error) => usage(`${flag} ${file} cannot be read: ${why(error)}`),
  })

const probe = async (file: string): Promise<void> => {
  const found = await stat(file).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  })
  if (found?.isDirectory() === true) throw Object.assign(new Error(), { code: "EISDIR" })
  await access(found === undefined ? dirname(file) : file, constants.W_OK)
}

/** Fails when a file could not be written; better now than after the run. */
export const writable = (flag: string, file: string): Effect.Effect<void, Failed> =>
  Effect.tryPromise({
    try: () => probe(file),
    catch: (error) => usage(`${flag} ${file} cannot be written: ${why(error)}`),
  })

export const write = (file: string, text: string): Effect.Effect<void, Failed> =>
  Effect.tryPromise({
    try: () => writeFile(file, Secrets.mask(text)),
    catch: (error) => broken(`${file} cannot be written: ${why(error)}`),
  })

/**
 * Writes to stdout and waits until it is written. A reader that goes away, such as `head`, has seen
 * enough; what was found, and the exit code, do not depend on it.
 */
export const print = (text: string): Effect.Effect<void, Failed> =>
  Effect.callback((resume) => {
    process.stdout.write(Secrets.mask(text), (error) => {
      const gone = !(error instanceof Error) || ("code" in error && error.code === "EPIPE")
      resume(gone ? Effect.void : broken(`stdout cannot be written: ${why(error)}`))
    })
  })

/** A sentence on stderr, with the name of the program. */
export const complain = (sentence: string): void => {
  process.stderr.write(`manyload: ${Secrets.mask(sentence)}\n`)
}

// SIGHUP: the terminal was closed; a server that was started must not outlive it.
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/**
 * Completes with the first SIGINT, SIGTERM or SIGHUP. The second ends the process at once, with what it has
 * started.
 */
export const interruption = Effect.gen(function* () {
  const first = yield* Deferred.make<void>()
  const onSignal = (): void => {
    if (!Deferred.doneUnsafe(first, Effect.void)) process.exit(codes.interrupted)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      for (const signal of signals) process.on(signal, onSignal)
    }),
    () =>
      Effect.sync(() => {
        for (const signal of signals) process.removeListener(signal, onSignal)
      }),
  )
  return first
})

/** The content of a file, when the flag was given. */
export const readOptional = (
  flag: string,
  file: Option.Option<string>,
): Effect.Effect<Uint8Array | undefined, Failed> =>
  Option.isNone(file) ? Effect.undefined : read(flag, file.value)
