/**
 * What makes a worker ready: plain data that the primary hands to the worker.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * - `listening`: its first server listens, or it says so itself.
 * - `message`: it says so itself: `ready()` of `@manycore/cluster/worker`, a `ClusterWorker` whose
 *   Layers are built, or `process.send("ready")` as for PM2.
 * - `spawned`: its process runs; for programs without a port.
 * - `Uptime`: it has run for so long, in ms, from 0.
 * - `Probe`: its own HTTP server answers GET `path`, which begins with `/`, with a status below 400. Asked inside the worker,
 *   every 100 ms from the moment that it listens.
 *
 * @category models
 * @since 0.1.0
 */
export const Readiness = Schema.Union([
  Schema.Literals(["listening", "message", "spawned"]),
  Schema.TaggedStruct("Uptime", {
    // The longest time that a timer can wait.
    millis: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 })),
  }),
  Schema.TaggedStruct("Probe", { path: Schema.String.check(Schema.isPattern(/^\//)) }),
])

/**
 * @category models
 * @since 0.1.0
 */
export type Readiness = typeof Readiness.Type

/**
 * Ready when it has run for so many ms.
 *
 * @category constructors
 * @since 0.1.0
 */
export const uptime = (millis: number): Readiness => ({ _tag: "Uptime", millis })

/**
 * Ready when its server answers GET `path` with a status below 400.
 *
 * @category constructors
 * @since 0.1.0
 */
export const probe = (path: string): Readiness => ({ _tag: "Probe", path })
