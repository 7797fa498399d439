/**
 * The floor: a client that measures nothing and knows the answer's size beforehand. Arguments: URL,
 * connections, seconds. Prints how many answers it got.
 */
import { connect } from "node:net"

const [, , address = "", connections = "1", seconds = "1"] = process.argv
const { host, hostname, pathname, port } = new URL(address)
const request = Buffer.from(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
const buffer = Buffer.allocUnsafeSlow(65_536)
let answers = 0
let size = 0

for (let i = 0; i < Number(connections); i += 1) {
  let got = 0
  const socket = connect({
    host: hostname,
    port: Number(port),
    noDelay: true,
    onread: {
      buffer,
      callback: (bytes) => {
        // The first answer is in one piece, and all others are as long.
        if (size === 0) size = bytes
        got += bytes
        while (got >= size) {
          got -= size
          answers += 1
          socket.write(request)
        }
        return true
      },
    },
  })
  socket.on("connect", () => socket.write(request))
}
setTimeout(
  () => {
    process.stdout.write(`${answers}\n`, () => process.exit())
  },
  Number(seconds) * 1000,
)
