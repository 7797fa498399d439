/** A thread that generates load: the entry file of each thread of a run. */
import { serve } from "@manycore/threads/bare"

import * as Histogram from "../Histogram.ts"
import { generating } from "./generating.ts"
import type { Generators } from "./Generators.ts"

serve<typeof Generators>(
  {
    Generate: (task, { signal }) => {
      Histogram.ready()
      return generating(task, signal)
    },
  },
  // It takes some ms, which pass while the task is on its way.
  { setup: () => void setImmediate(Histogram.ready) },
)
