/**
 * Asks the worker's own server over a connection that exists only in this process: from outside, a
 * shared port may lead to any worker.
 */
import type { Server } from "node:net"
import { duplexPair } from "node:stream"

/** Only who is probed loads them: a program without a server, or without TLS, starts earlier. */
const modules = () => {
  const { request, Server: HttpServer } = process.getBuiltinModule("node:http")
  return { request, HttpServer, HttpsServer: process.getBuiltinModule("node:https").Server }
}

/** ms */
const every = 100

const ask = (server: Server, path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { HttpsServer, request } = modules()
    const [near, far] = duplexPair()
    // A secure server's requests come in by the event that follows its handshake.
    server.emit(server instanceof HttpsServer ? "secureConnection" : "connection", far)
    const req = request(
      { createConnection: () => near, path, headers: { connection: "close" } },
      (response) => {
        response.resume()
        resolve((response.statusCode ?? 500) < 400)
      },
    )
    req.once("error", () => resolve(false))
    req.once("close", () => {
      resolve(false)
      near.destroy()
      far.destroy()
    })
    req.end()
  })

/** Ask until the answer is good. A server that does not speak HTTP never is. */
export const probe = async (server: Server, path: string, onGood: () => void): Promise<void> => {
  const { HttpServer, HttpsServer } = modules()
  if (!(server instanceof HttpServer || server instanceof HttpsServer)) return
  if (await ask(server, path)) return onGood()
  if (server.listening) setTimeout(() => void probe(server, path, onGood), every)
}
