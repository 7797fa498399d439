/**
 * Real connections: TCP, unix sockets and TLS. All TCP connections of a generator read into one
 * buffer, which is used up before the next one reads.
 */
import { lookup, type LookupAddress } from "node:dns"
import { connect, type LookupFunction, type Socket, isIP } from "node:net"
import type { SecureContext, TLSSocket } from "node:tls"

import type { Job } from "./Job.ts"
import type { Dial, Events, Stage, Wire } from "./Wire.ts"

const bufferSize = 64 * 1024

/** Loaded when it is needed: it takes as long to load as the rest of a generator. */
const tlsOf = () => process.getBuiltinModule("node:tls")

/**
 * Asks for the address of a host once and shares the answer between all connections, so that neither
 * latencies nor Node's few resolver threads hold a lookup per connection.
 */
const makeLookup = (): LookupFunction => {
  type Found = { readonly cause: NodeJS.ErrnoException | null; readonly addresses: LookupAddress[] }
  const known = new Map<string, Found>()
  const waiting = new Map<string, Array<(found: Found) => void>>()
  return (hostname, { all, ...options }, callback) => {
    const answer = ({ addresses, cause }: Found): void => {
      const first = addresses[0]
      if (all === true || first === undefined) callback(cause, addresses)
      else callback(cause, first.address, first.family)
    }
    const found = known.get(hostname)
    if (found !== undefined) return process.nextTick(answer, found)
    const others = waiting.get(hostname)
    if (others !== undefined) return void others.push(answer)
    const asking = [answer]
    waiting.set(hostname, asking)
    lookup(hostname, { ...options, all: true }, (cause, addresses) => {
      waiting.delete(hostname)
      const found: Found = { cause, addresses: addresses ?? [] }
      if (cause === null) known.set(hostname, found)
      for (const one of asking) one(found)
    })
  }
}

/** Hands on events as long as the connection is wanted. */
const attach = (socket: Socket, events: Events) => {
  let wanted = true
  const state = { stage: "connecting" as Stage }
  socket.on("end", () => {
    if (wanted) events.ended()
  })
  socket.on("error", (cause) => {
    if (wanted) events.failed(cause, state.stage)
  })
  const wire: Wire = {
    write: (bytes) => void socket.write(bytes),
    destroy: () => {
      wanted = false
      socket.destroy()
    },
  }
  return {
    wire,
    reach: (stage: Stage): void => {
      state.stage = stage
      if (wanted && stage === "open") events.connected()
    },
    bytes: (buffer: Buffer, size: number): void => {
      if (wanted) events.bytes(buffer, size)
    },
  }
}

/** The certificates of a plan, ready for all connections; throws when they cannot be read. */
export const contextOf = (tls: Job["tls"]): SecureContext =>
  tlsOf().createSecureContext({
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
    ...(tls?.passphrase === undefined ? {} : { passphrase: tls.passphrase }),
  })

export const make = (job: Pick<Job, "origins" | "socketPath" | "tls">): Dial => {
  const { socketPath, tls } = job
  const lookup = makeLookup()
  let context: SecureContext | undefined
  const sessions = new Map<number, Buffer>()
  // Without a limit, thousands of connections would share buffers of the pool for nothing.
  const buffer = Buffer.allocUnsafeSlow(bufferSize)

  const address = (origin: number) => {
    if (socketPath !== undefined) return { path: socketPath }
    const { host, port } = job.origins[origin] ?? { host: "", port: 0 }
    return { host, port, lookup, noDelay: true }
  }

  const plain: Dial = (origin, events) => {
    const socket: Socket = connect({
      ...address(origin),
      onread: {
        buffer,
        callback: (size) => {
          attached.bytes(buffer, size)
          return true
        },
      },
    })
    const attached = attach(socket, events)
    socket.once("connect", () => attached.reach("open"))
    return attached.wire
  }

  const secure: Dial = (origin, events) => {
    const host = job.origins[origin]?.host ?? ""
    const session = tls?.sessionReuse === false ? undefined : sessions.get(origin)
    const servername = tls?.serverName ?? (isIP(host) === 0 ? host : undefined)
    const socket: TLSSocket = tlsOf().connect({
      ...address(origin),
      ALPNProtocols: [...(tls?.alpn ?? ["http/1.1"])],
      rejectUnauthorized: tls?.insecure !== true,
      ...(servername === undefined ? {} : { servername }),
      ...(session === undefined ? {} : { session }),
      secureContext: (context ??= contextOf(tls)),
    })
    if (socketPath === undefined) socket.setNoDelay(true)
    const attached = attach(socket, events)
    socket.once("connect", () => attached.reach("handshake"))
    socket.once("secureConnect", () => attached.reach("open"))
    socket.on("session", (session) => sessions.set(origin, session))
    socket.on("data", (bytes: Buffer) => attached.bytes(bytes, bytes.length))
    return attached.wire
  }

  return (origin, events) => (job.origins[origin]?.secure === true ? secure : plain)(origin, events)
}
