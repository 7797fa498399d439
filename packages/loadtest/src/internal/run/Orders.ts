/**
 * What a generator on a thread is told while it runs. A task hears nothing of its caller but that it is
 * no longer wanted, so orders have a port of their own, which moves to the thread with the task.
 */
import type { MessagePort } from "node:worker_threads"

import type { Ending } from "../engine/Generator.ts"

/** `at` in ms since 1970. */
export type Order =
  | { readonly _tag: "Begin"; readonly at: number }
  | { readonly _tag: "Collect" }
  | { readonly _tag: "Stop"; readonly reason: Ending }
  | { readonly _tag: "Cut"; readonly reason: Ending }

interface Obedient {
  readonly begin: (at: number) => void
  readonly collect: () => void
  readonly stop: (reason: Ending) => void
  readonly cut: (reason: Ending) => void
}

/** Until the port is closed. */
export const obey = (port: MessagePort, { begin, collect, cut, stop }: Obedient): void => {
  // Both ends are of one version of this package, in one process: there is nothing to check.
  port.on("message", (order: Order) => {
    switch (order._tag) {
      case "Begin":
        return begin(order.at)
      case "Collect":
        return collect()
      case "Stop":
        return stop(order.reason)
      case "Cut":
        return cut(order.reason)
    }
  })
}
