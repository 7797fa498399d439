import { Ipc } from "@manycore/ipc"
import { Effect } from "effect"

import { Contract, Handlers } from "../Contract.ts"

await Effect.runPromise(Effect.provide(Ipc.serve(Contract), Handlers))
