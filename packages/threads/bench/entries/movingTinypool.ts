/* oxlint-disable typescript/no-unsafe-type-assertion, import/no-named-as-default, import/no-named-as-default-member -- their types are not Node's */
import { Tinypool } from "tinypool"

import * as work from "../work.ts"

export const touch = (bytes: Uint8Array): unknown => Tinypool.move(work.touch(bytes))
