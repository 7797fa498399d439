import type { Case } from "@manycore/bench"
import { Ipc } from "@manycore/ipc"
import { Effect } from "effect"

import { clientCase } from "../clientCase.ts"
import { Contract, GuardClient } from "../Contract.ts"
import { open } from "../open.ts"
import { workOf } from "../work.ts"

const file = new URL("../peers/manycore.ts", import.meta.url)

const entry: Case.Make = (context: Case.Context) =>
  Effect.gen(function* () {
    const work = workOf(context)
    const channel = yield* open(work.peer, file)
    return clientCase(work, yield* Effect.provide(Ipc.client(Contract, channel), GuardClient))
  })

export default entry
