import type { MessagePort, Worker } from "node:worker_threads"

import type { Endpoint } from "comlink"
import adapter from "comlink/dist/umd/node-adapter.js"

/**
 * Comlink's adapter for Node. Its types say that the function is a property `default` of what is
 * imported; under Node it is what is imported.
 */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const nodeEndpoint = adapter as never as (port: MessagePort | Worker) => Endpoint
