/**
 * Tells the primary which error ends this process. Looks on only: Node prints it and exits as ever.
 */
import { toReport } from "../internal/report.ts"
import type { Agent } from "./Agent.ts"

/** Say it and let it leave: nothing else of this process will. */
export const sayLast = (agent: Agent, error: unknown): void => {
  agent.say(["crashed", toReport(error)])
  agent.link.close()
}

export const install = (agent: Agent): void => {
  process.on("uncaughtExceptionMonitor", (error) => {
    // The program has its own way with errors, and lives on.
    const isCaught =
      process.listenerCount("uncaughtException") > 0 ||
      process.hasUncaughtExceptionCaptureCallback()
    if (!isCaught) sayLast(agent, error)
  })
}
