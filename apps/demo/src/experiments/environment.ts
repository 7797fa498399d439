/** Where a measurement was made. */
import { availableParallelism, cpus } from "node:os"

import { DateTime, Effect } from "effect"

import type { Result } from "./Experiment.ts"

export const environment: Effect.Effect<Result["environment"]> = Effect.map(
  DateTime.now,
  (now) => ({
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    platform: `${process.platform}-${process.arch}`,
    date: DateTime.formatIso(now),
  }),
)
