import { Ipc } from "@manycore/ipc"
import { Effect } from "effect"

import { Costs, Handlers } from "../Costs.ts"

await Effect.runPromise(Effect.provide(Ipc.serve(Costs), Handlers))
