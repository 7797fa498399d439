import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Handle } from "@manycore/ipc"
import { Effect, Stream } from "effect"

import { Guest } from "./door.ts"

// #region receive
const receive = Stream.runForEach(Handle.fromParent(Guest).receive, ({ handle, message }) =>
  Effect.sync(() => {
    // A socket, for only sockets are passed here; a server would listen.
    if ("end" in handle) handle.end(`good evening, ${message.name}\n`)
  }),
).pipe(Effect.catchReason("HandleError", "PeerGone", () => Effect.void))
// #endregion

NodeRuntime.runMain(Effect.scoped(receive))
