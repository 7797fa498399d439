/** What `npm start` prints. Text only. */
import { styleText } from "node:util"

import type { Supervisor, Worker } from "@manycore/cluster"

import { descriptions } from "./Routes.ts"
import type { Settings } from "./Settings.ts"

/** Colour where the terminal shows it; Node looks at NO_COLOR and at the stream. */
const paint = (format: Parameters<typeof styleText>[0], text: string) =>
  styleText(format, text, { stream: process.stdout })

const urlHost = (host: string) => {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1"
  return host.includes(":") ? `[${host}]` : host
}

const address = (settings: Settings, port: number) => `http://${urlHost(settings.host)}:${port}`

export const banner = (
  settings: Settings,
  port: number,
  workers: ReadonlyArray<Worker.Snapshot>,
): string => {
  const width = Math.max(...descriptions.map(([route]) => route.length))
  return [
    "",
    `  ${paint("bold", "Manycore demo")}  ${paint("cyan", address(settings, port))}`,
    "",
    ...descriptions.map(([route, what]) => `  ${route.padEnd(width)}  ${paint("dim", what)}`),
    "",
    `  ${workers.length} worker${workers.length === 1 ? "" : "s"}, ${settings.scheduling} scheduling: ${workers
      .map((worker) => `pid ${worker.pid}`)
      .join(", ")}`,
    "",
    `  Measure it: npm run experiment fast-and-slow`,
    `  Stop it:    Ctrl+C`,
    "",
  ].join("\n")
}

/** One line for what happens to a worker later. */
export const eventLine = (event: Supervisor.Event): string => {
  switch (event._tag) {
    case "WorkerForked": {
      return `worker ${event.id} is starting as pid ${event.pid}`
    }
    case "WorkerReady": {
      return `worker ${event.id} (pid ${event.pid}) is ready`
    }
    case "WorkerDraining": {
      return `worker ${event.id} (pid ${event.pid}) is finishing its requests`
    }
    case "WorkerGaveUp": {
      return `worker ${event.id} is given up after ${event.crashes} crashes: ${event.detail}`
    }
    case "WorkerExited": {
      const how = event.signal === null ? `with code ${event.exitCode}` : `by ${event.signal}`
      const why = event.report === null ? "" : `: ${event.report.sentence}`
      return `worker ${event.id} (pid ${event.pid}) ended ${how}${why}`
    }
  }
}
