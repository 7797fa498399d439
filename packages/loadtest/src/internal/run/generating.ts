/**
 * The task of a thread: generates load, does as it is ordered, and tells what it counted. Nothing of
 * Effect in here.
 *
 * It tells at the pace of whoever listens. A parcel is made when it is asked for, so while nobody
 * listens the generator goes on counting, and the next parcel holds all of it: nothing queues up.
 *
 * It ends when its generator has ended, or cuts it when it is no longer wanted. Either way every socket,
 * the port and the histograms are gone.
 */
import type { MessagePort } from "node:worker_threads"

import type { Job } from "../engine/Job.ts"
import type { Event, Result } from "./Generators.ts"
import * as Orders from "./Orders.ts"
import * as Paced from "./Paced.ts"

export async function* generating(
  { job, orders }: { readonly job: Job; readonly orders: MessagePort },
  signal: AbortSignal,
): AsyncGenerator<Event, void, void> {
  let ready = false
  let due = false
  let result: Result | undefined
  let wake: (() => void) | undefined
  const generator = Paced.make(job, {
    ready: () => {
      ready = true
      wake?.()
    },
    due: () => {
      due = true
      wake?.()
    },
    ended: (how) => {
      result = how
      wake?.()
    },
  })
  const unwanted = (): void => generator.cut("stopped")
  signal.addEventListener("abort", unwanted, { once: true })
  Orders.obey(orders, {
    ...generator,
    collect: () => {
      due = true
      wake?.()
    },
  })
  try {
    generator.prepare()
    for (;;) {
      if (ready) {
        ready = false
        yield { _tag: "Ready" }
      } else if (result !== undefined) {
        yield { _tag: "Counted", parcel: generator.take() }
        return yield { _tag: "Ended", result }
      } else if (due) {
        due = false
        yield { _tag: "Counted", parcel: generator.take() }
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    signal.removeEventListener("abort", unwanted)
    orders.close()
    generator.cut("stopped")
    generator.destroy()
  }
}
