/**
 * The generators of a run on threads of their own. All begin at the same time, so that their parts of
 * a schedule fit together, and none is replaced: what a lost one had measured is gone, so the run is.
 *
 * They are not tasks of a pool, because a conductor talks to its generators while they run; they stand
 * on the kernel that pools stand on.
 *
 * Shutdown: a thread exits when it has ended; `close` cuts those that have not, and terminates what is
 * still there after `grace`.
 */
import { once } from "node:events"
import { Worker } from "node:worker_threads"

import { Link, workerWire } from "@manycore/ipc/bare"

import type { Job } from "../engine/Job.ts"
import type { Events, Fleet, Result } from "./Fleet.ts"
import * as Messages from "./messages.ts"

const entry = new URL(
  import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js",
  import.meta.url,
)

/** How long a thread may take to exit, in ms. */
const grace = 1000
/** How far ahead the common begin lies, so that every thread knows of it in time, in ms. */
const notice = 20

const now = (): number => performance.timeOrigin + performance.now()

export const make = (jobs: ReadonlyArray<Job>, events: Events): Fleet => {
  const results: Array<Result> = []
  let ready = 0
  let lost = false

  const lose = (cause: unknown): void => {
    if (lost || results.length === jobs.length) return
    lost = true
    events.lost(cause)
  }
  const begin = (): void => {
    ready += 1
    if (ready < jobs.length) return
    const at = now() + notice
    events.started(at + (jobs[0]?.warmup ?? 0))
    for (const thread of threads) thread.send("begin", at)
  }
  const end = (result: Result): void => {
    results.push(result)
    if (results.length === jobs.length && !lost) events.ended(results)
  }

  const threads = jobs.map((job) => {
    const worker = new Worker(entry, { name: `manyload-${job.part + 1}` })
    const exited = once(worker, "exit")
    // An error that ends the thread is told with its exit, by the link.
    exited.catch(() => {})
    const link = new Link(workerWire(worker))
    const { on, send } = Messages.over(link)
    let over = false
    on("ready", begin)
    on("parcel", events.parcel)
    on("ended", (result) => {
      over = true
      end(result)
    })
    link.onceClosed((reason) => {
      if (!over) lose("cause" in reason ? reason.cause : new Error(`it ended with ${reason._tag}`))
    })
    return {
      job,
      send,
      close: async (): Promise<void> => {
        send("cut", "stopped")
        const deadline = setTimeout(() => void worker.terminate(), grace)
        await exited.catch(() => {})
        clearTimeout(deadline)
      },
    }
  })

  return {
    start: () => {
      for (const thread of threads) thread.send("job", thread.job)
    },
    collect: () => {
      for (const thread of threads) thread.send("collect", null)
    },
    stop: (reason) => {
      for (const thread of threads) thread.send("stop", reason)
    },
    cut: (reason) => {
      for (const thread of threads) thread.send("cut", reason)
    },
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close()))
    },
  }
}
