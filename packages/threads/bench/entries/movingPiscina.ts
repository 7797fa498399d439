import { move } from "piscina"

import * as work from "../work.ts"

export const touch = (bytes: Uint8Array): unknown => move(work.touch(bytes))
