import workerpool from "workerpool"

import { empty, mix, spin, touch } from "../work.ts"

workerpool.worker({
  empty,
  mix,
  spin,
  touch,
  move: (bytes: Uint8Array<ArrayBuffer>) => new workerpool.Transfer(touch(bytes), [bytes.buffer]),
})
