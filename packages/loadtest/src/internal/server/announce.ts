/**
 * Preloaded into the server that is to be loaded (`--import`): tells where it listens, one line of
 * JSON for each address, in the file that the environment names. Works in any Node, and in each
 * process that the server starts; other than that it leaves the program alone.
 */
import { appendFileSync } from "node:fs"
import { Server } from "node:net"

const file = process.env["MANYLOAD_LISTENING"]
if (file !== undefined) {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its `this` below
  const { listen } = Server.prototype
  Server.prototype.listen = function (this: Server, ...args: Array<unknown>): Server {
    this.once("listening", () => {
      const address = this.address()
      // A unix socket has a text for an address.
      if (typeof address !== "object" || address === null) return
      try {
        appendFileSync(file, `${JSON.stringify(address)}\n`)
      } catch {
        // Whoever asked has gone: the server goes on.
      }
    })
    return Reflect.apply(listen, this, args)
  }
}
