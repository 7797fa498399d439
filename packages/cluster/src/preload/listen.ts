/**
 * `listen` of a worker's servers, which asks the primary over the pipe. node:net asks
 * `cluster._getServer` for a handle; what stands there from now on is ours.
 */
import cluster from "node:cluster"
import type { Server } from "node:net"

import type { ListenRequest } from "../internal/protocol.ts"
import type { Agent } from "./Agent.ts"
import { make as makeHandle, type ServerHandle } from "./serverHandle.ts"

/** A server that the primary listens for. */
export interface Listening {
  readonly server: Server
  readonly handle: ServerHandle
}

/** node:net's options of a listen. */
type Options = Record<string, unknown>

type Callback = (errno: number, handle: ServerHandle | null) => void

type GetServer = (server: unknown, options: Options, callback: Callback) => void

type Listened = (errno: number, sockname: object | null, data: unknown) => void

const number = (value: unknown, otherwise: number) =>
  typeof value === "number" ? value : otherwise

/** The options as plain data. */
const toRequest = (options: Options, index: number, data: unknown): ListenRequest => {
  const { address, addressType, backlog, fd, flags, port } = options
  return {
    address: typeof address === "string" ? address : null,
    addressType: typeof addressType === "string" ? addressType : number(addressType, 4),
    port: number(port, -1),
    fd: number(fd, -1),
    flags: number(flags, 0),
    backlog: number(backlog, 0),
    index,
    data,
  }
}

/** Each listen on port 0 of a worker is another port; the n-th is the same in all workers. */
const makeIndexOf = () => {
  const indexes = new Map<string, number>()
  return (options: Options): number => {
    if (options["port"] !== 0) return 0
    const key = `${String(options["address"])}:${String(options["addressType"])}`
    const index = indexes.get(key) ?? 0
    indexes.set(key, index + 1)
    return index
  }
}

/** TLS servers of all workers share the keys of the one that asked first. */
const ticketKeys = (server: unknown): unknown => {
  const read: unknown =
    typeof server === "object" && server !== null
      ? Reflect.get(server, "_getServerData")
      : undefined
  return typeof read === "function" ? Reflect.apply(read, server, []) : undefined
}

const setTicketKeys = (server: unknown, data: unknown): void => {
  if (typeof server !== "object" || server === null || data === undefined) return
  const write: unknown = Reflect.get(server, "_setServerData")
  if (typeof write === "function") Reflect.apply(write, server, [data])
}

/** Sockets for datagrams are node:cluster's own affair. */
const isDatagram = ({ addressType }: Options) => addressType === "udp4" || addressType === "udp6"

/** The servers that listen from now on, by the number that the primary knows them by. */
export const install = (agent: Agent): ReadonlyMap<number, Listening> => {
  const listening = new Map<number, Listening>()
  const waiting = new Map<number, Listened>()
  const indexOf = makeIndexOf()
  let nextId = 0

  // node:cluster's own property, of which its types say nothing.
  const original: unknown = Reflect.get(cluster, "_getServer")
  const getServer: GetServer = (server, options, callback) => {
    if (isDatagram(options)) {
      if (typeof original !== "function") return
      return void Reflect.apply(original, cluster, [server, options, callback])
    }
    const id = nextId++
    waiting.set(id, (errno, sockname, data) => {
      setTicketKeys(server, data)
      if (errno !== 0) return callback(errno, null)
      const handle = makeHandle(sockname, () => {
        if (listening.delete(id)) agent.say(["close", id])
      })
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- node:net calls with no other
      listening.set(id, { server: server as Server, handle })
      callback(0, handle)
      if (cluster.worker !== undefined) Reflect.set(cluster.worker, "state", "listening")
    })
    agent.say(["listen", id, toRequest(options, indexOf(options), ticketKeys(server))])
  }
  Reflect.set(cluster, "_getServer", getServer)

  agent.hear((message) => {
    if (message[0] !== "listened") return
    const [, id, errno, sockname, data] = message
    const resume = waiting.get(id)
    waiting.delete(id)
    // What the program does then, or throws, has nothing to do with the link.
    if (resume !== undefined) process.nextTick(resume, errno, sockname, data)
  })
  return listening
}
