/**
 * Servers that the primary listens for: `listen` asks it over the pipe, connections arrive over
 * Node's IPC channel, one by one, and each is answered before anything of it is read: taken, or
 * refused and then handed to somebody else.
 *
 * node:net asks `cluster._getServer` for a handle; the one that it gets here accepts nothing by
 * itself, as that of node's own round robin.
 */
import cluster from "node:cluster"
import type { Server } from "node:net"

import type { Answer, ListenRequest } from "../internal/protocol.ts"
import * as acknowledgement from "./acknowledgement.ts"
import type { Agent } from "./Agent.ts"
import type { Servers } from "./servers.ts"

interface ServerHandle {
  readonly listen: () => number
  readonly close: () => void
  readonly ref: () => void
  readonly unref: () => void
  getsockname?: (out: object) => number
  /** Set by node:net when the server listens. */
  onconnection?: (status: number, handle: acknowledgement.RawHandle) => void
}

type Callback = (errno: number, handle: ServerHandle | null) => void

type GetServer = (server: unknown, options: Record<string, unknown>, callback: Callback) => void

const number = (value: unknown, otherwise: number) =>
  typeof value === "number" ? value : otherwise

/** node:net's options of a listen, as plain data. */
const toRequest = (
  options: Record<string, unknown>,
  index: number,
  data: unknown,
): ListenRequest => {
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

const isFull = ({ server }: Listening): boolean => {
  const most: unknown = Reflect.get(server, "maxConnections")
  const open: unknown = Reflect.get(server, "_connections")
  return typeof most === "number" && typeof open === "number" && open >= most
}

/**
 * While others are open, closed connections are told with the next answer, or after so many ms: with
 * the last one at once, because a worker that has none is who gets the next one.
 */
const closedWithin = 2

interface Listening {
  readonly server: Server
  readonly handle: ServerHandle
}

export const install = (agent: Agent, servers: Servers): void => {
  const listening = new Map<number, Listening>()
  const waiting = new Map<number, (errno: number, sockname: object | null, data: unknown) => void>()
  const handedOver = new WeakSet<object>()
  const indexes = new Map<string, number>()
  let nextId = 0
  let isTaking = false
  let wasSeen = false
  let open = 0
  let closed = 0

  let timer: NodeJS.Timeout | undefined
  const tellClosed = () => {
    clearTimeout(timer)
    timer = undefined
    if (closed > 0) agent.say(["closed", closed])
    closed = 0
  }
  const onClosed = () => {
    closed++
    if (--open === 0) tellClosed()
    else timer ??= setTimeout(tellClosed, closedWithin).unref()
  }
  /** Who takes a connection that has been answered. */
  const taking = new Map<number, Listening>()
  const answer = ({ id, server }: acknowledgement.Handed, hasHandle: boolean): Answer => {
    const target = listening.get(server)
    const isTaken = hasHandle && target?.handle.onconnection !== undefined && !isFull(target)
    if (isTaken) {
      taking.set(id, target)
      open++
    }
    const told = { id, isTaken, closed }
    closed = 0
    return told
  }
  servers.onConnection((socket) => {
    if (!isTaking) return
    wasSeen = true
    handedOver.add(socket)
  })
  servers.onClose((socket) => {
    if (handedOver.delete(socket)) onClosed()
  })

  const makeHandle = (id: number, sockname: object | null): ServerHandle => {
    // As with a real one, the process lives while it is open.
    const alive = setInterval(() => {}, 2 ** 30)
    return {
      listen: () => 0,
      close: () => {
        clearInterval(alive)
        if (listening.delete(id)) agent.say(["close", id])
      },
      ref: () => void alive.ref(),
      unref: () => void alive.unref(),
      ...(sockname === null
        ? {}
        : {
            getsockname: (out: object) => {
              Object.assign(out, sockname)
              return 0
            },
          }),
    }
  }

  /** Each listen on port 0 of a worker is another port; the n-th is the same in all workers. */
  const indexOf = (options: Record<string, unknown>): number => {
    if (options["port"] !== 0) return 0
    const key = `${String(options["address"])}:${String(options["addressType"])}`
    const index = indexes.get(key) ?? 0
    indexes.set(key, index + 1)
    return index
  }

  // node:cluster's own property, of which its types say nothing.
  const original: unknown = Reflect.get(cluster, "_getServer")
  const getServer: GetServer = (server, options, callback) => {
    if (options["addressType"] === "udp4" || options["addressType"] === "udp6") {
      if (typeof original === "function")
        Reflect.apply(original, cluster, [server, options, callback])
      return
    }
    const id = nextId++
    waiting.set(id, (errno, sockname, data) => {
      setTicketKeys(server, data)
      if (errno !== 0) return callback(errno, null)
      const handle = makeHandle(id, sockname)
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
    resume?.(errno, sockname, data)
  })

  const take = ({ handle }: Listening, connection: acknowledgement.RawHandle) => {
    isTaking = true
    wasSeen = false
    try {
      handle.onconnection?.(0, connection)
    } finally {
      isTaking = false
      // The server did not want it after all.
      if (!wasSeen) onClosed()
    }
  }

  acknowledgement.install({
    answer,
    arrived: ({ id }, connection) => {
      const target = taking.get(id)
      taking.delete(id)
      if (target === undefined) connection.close()
      else take(target, connection)
    },
  })
}
