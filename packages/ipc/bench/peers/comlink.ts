import { parentPort } from "node:worker_threads"

import * as Comlink from "comlink"

import { nodeEndpoint } from "../nodeEndpoint.ts"
import { greet, type Greeting } from "../work.ts"

export const service = {
  greet: (greeting: Greeting) => greet(greeting),
  echo: (bytes: Uint8Array) => bytes,
}

if (parentPort !== null) Comlink.expose(service, nodeEndpoint(parentPort))
