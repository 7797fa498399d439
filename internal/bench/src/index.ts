/**
 * The benchmark harness of every package. Each module is used as a namespace.
 *
 * @since 0.1.0
 */
export * as Bench from "./Bench.ts"
export type * as Case from "./Case.ts"
export * as Report from "./Report.ts"
export * as Statistics from "./Statistics.ts"
