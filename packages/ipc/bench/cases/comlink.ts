/** Comlink over a worker's own port, with its adapter for Node. */
import { Worker } from "node:worker_threads"

import type { Case } from "@manycore/bench"
import * as Comlink from "comlink"

import { nodeEndpoint } from "../nodeEndpoint.ts"
import type { service } from "../peers/comlink.ts"
import { greetingOf, makeCase, promiseLanes, workOf } from "../work.ts"

const entry: Case.Make = (context: Case.Context): Case.Case => {
  const work = workOf(context)
  const worker = new Worker(new URL("../peers/comlink.ts", import.meta.url))
  const peer = Comlink.wrap<typeof service>(nodeEndpoint(worker))
  return makeCase(work, {
    run: promiseLanes((n, lane) =>
      work.call === "Echo" ? peer.echo(lane.bytes(n)) : peer.greet(greetingOf(n)),
    ),
    cpuOfPeer: () => Promise.resolve(0),
    close: () => worker.terminate(),
  })
}

export default entry
