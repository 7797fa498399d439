import { move, serve } from "@manycore/threads/bare"

import type { Tasks } from "../Tasks.ts"
import { empty, mix, spin, touch } from "../work.ts"

serve<typeof Tasks>({ empty, mix, spin, touch, move: (bytes) => move(touch(bytes)) })
