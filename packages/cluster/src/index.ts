/**
 * A supervisor of Node.js processes that share a port.
 *
 * @since 0.1.0
 */
export * as ClusterWorker from "./ClusterWorker.ts"
export * as Readiness from "./Readiness.ts"
export * as RestartPolicy from "./RestartPolicy.ts"
export * as Scheduling from "./Scheduling.ts"
export * as Sizing from "./Sizing.ts"
export * as Supervisor from "./Supervisor.ts"
export * as SupervisorError from "./SupervisorError.ts"
export * as Worker from "./Worker.ts"
