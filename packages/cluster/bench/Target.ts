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

export interface Target {
  /** Of the process that holds the listening socket. */
  readonly pid: number
  readonly url: string
  /** Replace all workers; whether the target said that it succeeded. */
  readonly reload: (env: Readonly<Record<string, string>>) => Effect.Effect<boolean>
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const end = (child: ChildProcess) =>
  Effect.promise(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, "exit")
    child.kill("SIGTERM")
    await exited
  })

const hasPort = (message: unknown): message is { readonly port: number } =>
  typeof message === "object" && message !== null && "port" in message

const message = (child: ChildProcess) =>
  Effect.promise(async () => {
    const [told]: Array<unknown> = await once(child, "message")
    return told
  })

const primary = (path: string, args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    // In the group of this process, so that the harness ends it too.
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => fork(file(path), [...args])),
      end,
    )
    const told = yield* message(child)
    if (!hasPort(told)) throw new Error(`the primary said ${String(told)}`)
    const target: Target = {
      pid: child.pid ?? 0,
      url: `http://127.0.0.1:${told.port}`,
      reload: (env) =>
        Effect.suspend(() => {
          child.send(env)
          return Effect.map(message(child), (answer) => answer === "done")
        }),
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
const pm2 = (workers: number) =>
  Effect.gen(function* () {
    const port = yield* FaultServer.refusedPort
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "pm2-"))),
      (home) => Effect.sync(() => rmSync(home, { recursive: true, force: true })),
    )
    const bin = createRequire(import.meta.url).resolve("pm2/bin/pm2")
    const env = { ...process.env, PM2_HOME: home, PORT: String(port), NODE_OPTIONS: "" }
    const args = [bin, "start", file("./worker.mjs"), "-i", String(workers), "--no-daemon"]
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, args, { env, stdio: "ignore" })),
      end,
    )
    const url = `http://127.0.0.1:${port}`
    yield* answers(url)
    const target: Target = {
      pid: child.pid ?? 0,
      url,
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

const plainProcess = Effect.gen(function* () {
  const port = yield* FaultServer.refusedPort
  const env = { ...process.env, PORT: String(port) }
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [file("./worker.mjs")], { env, stdio: "inherit" })),
    end,
  )
  const url = `http://127.0.0.1:${port}`
  yield* answers(url)
  return { pid: child.pid ?? 0, url, reload: () => Effect.succeed(false) }
})

export const start = (
  kind: Kind,
  workers: number,
): Effect.Effect<Target, Condition.ConditionNotMet, Scope.Scope> => {
  switch (kind) {
    case "pm2": {
      return pm2(workers)
    }
    case "process": {
      return plainProcess
    }
    case "raw": {
      return primary("./primaries/raw.ts", [String(workers)])
    }
    default: {
      return primary("./primaries/manycore.ts", [String(workers), kind])
    }
  }
}

/** Open descriptors of the one that listens. */
export const descriptors = ({ pid }: Target): number => readdirSync(`/proc/${pid}/fd`).length

export const workersOf = ({ pid }: Target): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number)
