/** Somebody who runs workers on one port: a primary of ours, a bare one, PM2, or a plain process. */
import { type ChildProcess, execFile, fork, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { Condition, FaultServer, LoadClient } from "@manycore/testkit"
import { Effect, type Scope } from "effect"

export type Kind = "leastConnections" | "roundRobin" | "raw" | "pm2" | "process"

export type Program = "plain" | "behaved"

export interface Options {
  readonly workers: number
  readonly program: Program
  /** Besides the environment of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

export interface Target {
  /** Of the process that holds the listening socket. */
  readonly pid: number
  readonly port: number
  readonly url: string
  /** Replace all workers; whether the target said that it succeeded. */
  readonly reload: (env: Readonly<Record<string, string>>) => Effect.Effect<boolean>
  /** Start all workers anew with the same program; whether they are ready. */
  readonly restart: Effect.Effect<boolean>
  /** Of all that it has said, what passes. */
  readonly said: () => ReadonlyArray<unknown>
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const end = (child: ChildProcess) =>
  Effect.promise(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, "exit")
    child.kill("SIGTERM")
    await exited
  })

const programFile = (program: Program) => file(`./programs/${program}.mjs`)

const hasPort = (message: unknown): message is { readonly port: number } =>
  typeof message === "object" && message !== null && "port" in message

const message = (child: ChildProcess) =>
  Effect.promise(async () => {
    const [told]: Array<unknown> = await once(child, "message")
    return told
  })

const primary = (path: string, { env, program, workers }: Options, more: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const args = [String(workers), programFile(program), ...more]
    const child = yield* Effect.acquireRelease(
      // In the group of this process, so that the harness ends it too.
      Effect.sync(() => fork(file(path), args, { env: { ...process.env, ...env } })),
      end,
    )
    const said: Array<unknown> = []
    child.on("message", (told) => said.push(told))
    const told = yield* message(child)
    if (!hasPort(told)) throw new Error(`the primary said ${String(told)}`)
    const ask = (question: object) =>
      Effect.suspend(() => {
        child.send(question)
        return Effect.map(message(child), (answer) => answer === "done")
      })
    const target: Target = {
      pid: child.pid ?? 0,
      port: told.port,
      url: `http://127.0.0.1:${told.port}`,
      reload: (given) => ask({ reload: given }),
      restart: ask({ restart: true }),
      said: () => said,
    }
    return target
  })

const answers = (url: string) =>
  Condition.until(
    "it serves",
    () =>
      Effect.map(
        Effect.scoped(LoadClient.run({ url, connections: 1, requests: 1, keepAlive: false })),
        ({ ok }) => ok === 1,
      ),
    { deadline: "20 seconds" },
  )

/** PM2 in the foreground, with a home of its own: nothing of it outlives the case. */
const pm2 = ({ program, workers }: Options) =>
  Effect.gen(function* () {
    const port = yield* FaultServer.refusedPort
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "pm2-"))),
      (home) => Effect.sync(() => rmSync(home, { recursive: true, force: true })),
    )
    const bin = createRequire(import.meta.url).resolve("pm2/bin/pm2")
    const env = { ...process.env, PM2_HOME: home, PORT: String(port), NODE_OPTIONS: "" }
    const ready = program === "behaved" ? ["--wait-ready"] : []
    const count = String(workers)
    const args = [bin, "start", programFile(program), "-i", count, "--no-daemon", ...ready]
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, args, { env, stdio: "ignore" })),
      end,
    )
    const url = `http://127.0.0.1:${port}`
    yield* answers(url)
    const target: Target = {
      pid: child.pid ?? 0,
      port,
      url,
      restart: Effect.succeed(false),
      said: () => [],
      reload: (more) =>
        Effect.callback((resume) => {
          const command = [bin, "reload", "all", "--update-env"]
          execFile(process.execPath, command, { env: { ...env, ...more } }, (error) =>
            resume(Effect.succeed(error === null)),
          )
        }),
    }
    return target
  })

const plainProcess = ({ program }: Options) =>
  Effect.gen(function* () {
    const port = yield* FaultServer.refusedPort
    const env = { ...process.env, PORT: String(port) }
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [programFile(program)], { env, stdio: "inherit" })),
      end,
    )
    const url = `http://127.0.0.1:${port}`
    yield* answers(url)
    const target: Target = {
      pid: child.pid ?? 0,
      port,
      url,
      reload: () => Effect.succeed(false),
      restart: Effect.succeed(false),
      said: () => [],
    }
    return target
  })

export const start = (
  kind: Kind,
  options: Options,
): Effect.Effect<Target, Condition.ConditionNotMet, Scope.Scope> => {
  switch (kind) {
    case "pm2": {
      return pm2(options)
    }
    case "process": {
      return plainProcess(options)
    }
    case "raw": {
      return primary("./primaries/raw.ts", options, [])
    }
    default: {
      return primary("./primaries/manycore.ts", options, [kind])
    }
  }
}

/** Open descriptors of the one that listens. */
export const descriptors = ({ pid }: Target): number => readdirSync(`/proc/${pid}/fd`).length

export const workersOf = ({ pid }: Target): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number)

/** /proc counts in these: USER_HZ, which is 100 on every Linux that Node runs on. */
const msPerTick = 10

/** Time on a processor in ms: of the primary, and of its workers that have ended. */
export const cpuTime = ({ pid }: Target): { readonly primary: number; readonly ended: number } => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  // After the name, which may contain anything, `state` is the third field (proc(5)).
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number)
  const sum = (first: number) => ((fields[first] ?? 0) + (fields[first + 1] ?? 0)) * msPerTick
  return { primary: sum(11), ended: sum(13) }
}
