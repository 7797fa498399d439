/** What the conductor of a run and its threads say to each other, over a link of `@manycore/ipc`. */
import type { Link } from "@manycore/ipc/bare"

import type { Ending } from "../engine/Generator.ts"
import type { Job } from "../engine/Job.ts"
import type { Result } from "./Fleet.ts"
import type { Parcel } from "./Parcel.ts"

/** Names of lines, and what travels on each. */
export interface Messages {
  /** To a thread. Times in ms since 1970. */
  readonly job: Job
  readonly begin: number
  readonly collect: null
  readonly stop: Ending
  readonly cut: Ending
  /** From a thread. */
  readonly ready: null
  readonly parcel: Parcel
  readonly ended: Result
}

/** One end of a link, on which only these messages travel. */
export const over = (link: Link) => ({
  send: <Name extends keyof Messages>(name: Name, body: Messages[Name]): void => {
    link.send(link.line(name), body)
  },
  on: <Name extends keyof Messages>(name: Name, listener: (body: Messages[Name]) => void): void => {
    link.listen(name, (body) => {
      // Both ends are of one version of this package, in one process: there is nothing to check.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      listener(body as Messages[Name])
    })
  },
})
