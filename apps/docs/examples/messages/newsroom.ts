import { ProcessChannel, Topic } from "@manycore/ipc"
import { Effect } from "effect"

import { news } from "./news.ts"

const reader = new URL("./reader.ts", import.meta.url)

// #region hub
export const publish = Effect.gen(function* () {
  const hub = yield* Topic.hub(news)
  const readers = yield* Effect.replicateEffect(ProcessChannel.fork(reader), 2)
  for (const channel of readers) {
    yield* hub.attach(channel)
    const ready = yield* channel.subscribe("ready")
    yield* ready.take
  }
  yield* hub.publish({ text: "two processes hear this", at: new Date() })
  return yield* Effect.forEach(readers, (channel) =>
    Effect.flatMap(channel.subscribe("read"), (read) => read.take),
  )
}).pipe(Effect.scoped)
// #endregion
