/**
 * Typed messages between Node.js processes and threads.
 *
 * @since 0.1.0
 */
export * as AskMany from "./AskMany.ts"
export * as Channel from "./Channel.ts"
export * as ChannelMetrics from "./ChannelMetrics.ts"
export * as Handle from "./Handle.ts"
export * as Ipc from "./Ipc.ts"
export * as IpcError from "./IpcError.ts"
export * as MemoryChannel from "./MemoryChannel.ts"
export * as PortChannel from "./PortChannel.ts"
export * as ProcessChannel from "./ProcessChannel.ts"
export * as RpcTransport from "./RpcTransport.ts"
export * as Topic from "./Topic.ts"
