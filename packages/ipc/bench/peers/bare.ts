/** The flat calls of the contract, without Effect. */
import { serve } from "@manycore/ipc/bare"

import type { Contract } from "../Contract.ts"
import { cpuOfProcess, greet } from "../work.ts"

serve<typeof Contract>({
  Greet: greet,
  Guarded: greet,
  Echo: ({ bytes }) => bytes,
  Cpu: cpuOfProcess,
})
