import { createServer, type Server, type Socket } from "node:net"

import { Handle, ProcessChannel } from "@manycore/ipc"
import { Effect, Queue, Schema } from "effect"

export const Guest = Schema.Struct({ name: Schema.String })

const listening = (server: Server) =>
  Effect.callback<Server>((resume) => {
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  })

// #region pass
/** Whoever connects is passed on, unread, and answered by another process. */
export const openDoor = Effect.gen(function* () {
  const child = yield* ProcessChannel.fork(new URL("./guest.ts", import.meta.url))
  const guests = Handle.to(child.process, Guest)
  const arrivals = yield* Queue.unbounded<Socket>()
  const server = createServer({ pauseOnConnect: true }, (socket) =>
    Queue.offerUnsafe(arrivals, socket),
  )
  yield* Queue.take(arrivals).pipe(
    Effect.flatMap((socket) => guests.send({ name: "Ada" }, socket)),
    Effect.forever,
    Effect.forkScoped,
  )
  return yield* Effect.acquireRelease(listening(server), () => Effect.sync(() => server.close()))
})
// #endregion
