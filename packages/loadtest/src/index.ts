/**
 * Load testing over HTTP with latencies that can be believed.
 *
 * @since 0.1.0
 */
export * as Arrivals from "./Arrivals.ts"
export * as Distribution from "./Distribution.ts"
export * as Find from "./Find.ts"
export * as LoadTest from "./LoadTest.ts"
export * as Plan from "./Plan.ts"
export * as Report from "./Report.ts"
export * as ServerProcess from "./ServerProcess.ts"
export * as Snapshot from "./Snapshot.ts"
export * as Target from "./Target.ts"
export * as TestServer from "./TestServer.ts"
export * as Thresholds from "./Thresholds.ts"
