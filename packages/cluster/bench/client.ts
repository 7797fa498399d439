/**
 * A client that costs little, so that a case measures who answers and not who asks: plain sockets, one
 * prebuilt request. Whatever is not a whole answer of a worker fails the case.
 */
import { connect, type Socket } from "node:net"

const answer = /\r\n\r\nworker (\d+)$/

export interface Replies {
  /** ms, ascending. */
  readonly latencies: ReadonlyArray<number>
  readonly elapsed: number
  /** How many each worker answered. */
  readonly byWorker: ReadonlyMap<string, number>
}

const collect = () => {
  const began = performance.now()
  const latencies: Array<number> = []
  const byWorker = new Map<string, number>()
  return {
    add: (text: string, since: number) => {
      const worker = answer.exec(text)?.[1]
      if (worker === undefined) throw new Error(`no answer of a worker: ${JSON.stringify(text)}`)
      latencies.push(performance.now() - since)
      byWorker.set(worker, (byWorker.get(worker) ?? 0) + 1)
    },
    end: (): Replies => ({
      latencies: latencies.toSorted((a, b) => a - b),
      elapsed: performance.now() - began,
      byWorker,
    }),
  }
}

const head = (path: string, keepAlive: boolean) =>
  `GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: ${keepAlive ? "keep-alive" : "close"}\r\n\r\n`

const open = (port: number): Socket =>
  connect(port, "127.0.0.1").setNoDelay(true).setEncoding("latin1")

/** One request on a connection of its own. */
const once = (port: number, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = open(port)
    let text = ""
    socket.on("data", (chunk: string) => (text += chunk))
    socket.on("error", reject)
    socket.on("close", () => resolve(text))
    socket.write(head(path, false))
  })

/** The worker that answers on a new connection; `undefined` when none does in time, in ms. */
export const answeredBy = (port: number, patience: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = open(port)
    let text = ""
    const timer = setTimeout(() => socket.destroy(), patience)
    socket.on("data", (chunk: string) => (text += chunk))
    // What has failed is closed next.
    socket.on("error", () => {})
    socket.on("close", () => {
      clearTimeout(timer)
      resolve(answer.exec(text)?.[1])
    })
    socket.write(head("/", false))
  })

const isWhole = (text: string): boolean => {
  const end = text.indexOf("\r\n\r\n")
  const length = /content-length: (\d+)/i.exec(text)?.[1]
  return end >= 0 && text.length >= end + 4 + Number(length)
}

/** A connection that is kept: one request after the other. */
const kept = (port: number) => {
  const socket = open(port)
  let text = ""
  let settle: ((text: string) => void) | undefined
  let fail: ((error: Error) => void) | undefined
  socket.on("data", (chunk: string) => {
    text += chunk
    if (!isWhole(text)) return
    const whole = text
    text = ""
    settle?.(whole)
  })
  socket.on("error", (error) => fail?.(error))
  socket.on("close", () => fail?.(new Error("the connection was closed")))
  return {
    ask: (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        settle = resolve
        fail = reject
        socket.write(head(path, true))
      }),
    close: () => {
      fail = undefined
      socket.destroy()
    },
  }
}

export interface ClosedOptions {
  readonly port: number
  readonly connections: number
  readonly keepAlive: boolean
  /** ms */
  readonly duration: number
}

/** Each of `connections` asks, waits for the answer, and asks again. */
export const closed = async (options: ClosedOptions): Promise<Replies> => {
  const { connections, duration, keepAlive, port } = options
  const replies = collect()
  const until = performance.now() + duration
  const lane = async () => {
    const connection = keepAlive ? kept(port) : undefined
    for (let now = performance.now(); now < until; now = performance.now()) {
      replies.add(await (connection?.ask("/") ?? once(port, "/")), now)
    }
    connection?.close()
  }
  await Promise.all(Array.from({ length: connections }, lane))
  return replies.end()
}

export interface PacedOptions {
  readonly port: number
  /** Requests per second, each on a connection of its own. */
  readonly rate: number
  /** ms */
  readonly duration: number
  readonly path: (index: number) => string
}

/** At even distances, whether or not others were answered; latency counts from the intended start. */
export const paced = async (options: PacedOptions): Promise<Replies> => {
  const { duration, path, port, rate } = options
  const replies = collect()
  const began = performance.now()
  const asked: Array<Promise<void>> = []
  const one = async (index: number, at: number) => replies.add(await once(port, path(index)), at)
  for (let index = 0; index < (duration * rate) / 1000; index++) {
    const at = began + (index * 1000) / rate
    const wait = at - performance.now()
    if (wait > 0) await new Promise((resume) => setTimeout(resume, wait))
    asked.push(one(index, at))
  }
  await Promise.all(asked)
  return replies.end()
}

export interface HeldOptions {
  readonly port: number
  readonly connections: number
  /** How often one of them, any one, is replaced by a new one. */
  readonly steps: number
}

/**
 * Connections that stay for different times. Answers how many more the busiest worker had than the
 * laziest, on average over the steps.
 */
export const imbalance = async ({ connections, port, steps }: HeldOptions): Promise<number> => {
  // The same every time: a linear congruential generator (Numerical Recipes).
  let seed = 1
  const random = () => (seed = (seed * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32
  const byWorker = new Map<string, number>()
  const add = async () => {
    const connection = kept(port)
    const worker = answer.exec(await connection.ask("/"))?.[1] ?? ""
    byWorker.set(worker, (byWorker.get(worker) ?? 0) + 1)
    return { ...connection, worker }
  }
  const held = await Promise.all(Array.from({ length: connections }, add))
  let sum = 0
  for (let step = 0; step < steps; step++) {
    const at = Math.floor(random() * connections)
    const leaving = held[at]
    if (leaving === undefined) throw new Error("there is no such connection")
    leaving.close()
    byWorker.set(leaving.worker, (byWorker.get(leaving.worker) ?? 1) - 1)
    // Its worker needs a moment to see that it has gone.
    await new Promise((resume) => setTimeout(resume, 2))
    held[at] = await add()
    const counts = [...byWorker.values()]
    sum += Math.max(...counts) - Math.min(...counts)
  }
  for (const connection of held) connection.close()
  return sum / steps
}
