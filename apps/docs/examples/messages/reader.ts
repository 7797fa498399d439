import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Ipc, Topic } from "@manycore/ipc"
import { Effect, Stream } from "effect"

import { news } from "./news.ts"

// #region member
const program = Effect.gen(function* () {
  const parent = yield* Ipc.parent()
  const member = yield* Topic.member(news, parent)
  const headlines = yield* member.subscribe
  yield* parent.send("ready", process.pid)
  yield* Stream.runForEach(headlines, ({ text }) => parent.send("read", text))
})
// #endregion

NodeRuntime.runMain(Effect.scoped(program))
