/**
 * Load testing over HTTP with latencies that can be believed.
 *
 * @since 0.1.0
 */
export * as LoadTest from "./LoadTest.ts"
export * as Plan from "./Plan.ts"
export * as Report from "./Report.ts"
export * as Snapshot from "./Snapshot.ts"
export * as Thresholds from "./Thresholds.ts"
