/**
 * What every test of the workspace needs, once. Each module is used as a namespace.
 *
 * @since 0.1.0
 */
export * as Census from "./Census.ts"
export * as Condition from "./Condition.ts"
export * as External from "./External.ts"
export * as FaultServer from "./FaultServer.ts"
export * as LoadClient from "./LoadClient.ts"
export * as Program from "./Program.ts"
export * as Readme from "./Readme.ts"
