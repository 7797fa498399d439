/**
 * The kernel: links without Effect, for code that must start fast or cannot pay for an Effect per
 * message, and for worker files that serve a contract with plain functions.
 *
 * @since 0.1.0
 */
export type { CloseReason } from "./bare/CloseReason.ts"
export { Decoder, FramingLost } from "./bare/Decoder.ts"
export { byteLength, encode, preamble } from "./bare/Frame.ts"
export { Link, type LinkOptions, type LinkStats, type Listener } from "./bare/Link.ts"
export { memoryWires } from "./bare/memoryWire.ts"
export type { Owner } from "./bare/Outbox.ts"
export { descriptorVariable, type PipeOptions, pipeWire } from "./bare/pipeWire.ts"
export { parentThreadWire, portWire, workerWire } from "./bare/portWire.ts"
export { type IpcEnd, processWire } from "./bare/processWire.ts"
export {
  type Context,
  Failure,
  type Handlers,
  parent,
  serve,
  serveOn,
  type ServeOptions,
} from "./bare/serve.ts"
export { type Batch, TooLarge, type Wire, type WireEvents } from "./bare/Wire.ts"
