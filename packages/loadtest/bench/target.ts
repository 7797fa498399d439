/** What every case needs: the target, the size of the work, the proof that it was done. */
import { fork } from "node:child_process"
import { once } from "node:events"

import type { Case } from "@manycore/bench"
import { Predicate } from "effect"

interface Work {
  readonly url: string
  readonly connections: number
}

/** Sends exactly `requests` requests and answers how many were answered with 200. */
export type Load = (work: Work, requests: number) => Promise<number>

const read = (input: unknown, name: string): number => {
  const value = Predicate.hasProperty(input, name) ? input[name] : undefined
  if (typeof value !== "number") throw new Error(`the workload's input has no number ${name}`)
  return value
}

/** A case that is measured in requests per second, after a warm-up whose results are checked. */
export const makeCase =
  (load: Load): Case.Make =>
  async ({ input }: Case.Context): Promise<Case.Case> => {
    const requests = read(input, "requests")
    const server = fork(new URL("./server.ts", import.meta.url))
    const ask = async (): Promise<number> => {
      const [answer]: Array<unknown> = await once(server, "message")
      return Number(answer)
    }
    const served = (): Promise<number> => {
      const answer = ask()
      server.send("served?")
      return answer
    }
    const work = {
      url: `http://127.0.0.1:${await ask()}/`,
      connections: read(input, "connections"),
    }
    return {
      check: async () => {
        const before = await served()
        const answered = await load(work, 5000)
        return answered === 5000 && (await served()) - before === 5000
      },
      measure: async () => {
        const before = performance.now()
        const answered = await load(work, requests)
        const seconds = (performance.now() - before) / 1000
        if (answered !== requests) throw new Error(`${answered} of ${requests} were answered`)
        return [{ metric: "requests per second", unit: "1/s", value: requests / seconds }]
      },
      close: async () => {
        server.disconnect()
        await once(server, "exit")
      },
    }
  }
