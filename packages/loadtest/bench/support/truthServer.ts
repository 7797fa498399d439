/**
 * A server that writes down what it saw: when each request came, and how long it kept it. It says its
 * port when it listens, and what it has seen when it is asked; then it forgets.
 *
 * Argument: a JSON object. `delays`: how long requests are kept, in ms, in turn. `stall`: it freezes
 * for so many ms, two seconds after the first request.
 */
import { createServer } from "node:net"

interface Behaviour {
  readonly delays: ReadonlyArray<number>
  readonly stall: number
}

// The bench itself starts this program.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { delays, stall } = JSON.parse(process.argv[2] ?? "{}") as Behaviour
const answer = Buffer.from(
  "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
)
const stallAfter = 2000

let arrivals: Array<number> = []
let kept: Array<number> = []
let stalled = stall === 0

const freeze = (): void => {
  stalled = true
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stall)
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {})
  let tail = ""
  socket.on("data", (bytes: Buffer) => {
    // Requests have no bodies: each ends with an empty line, which two pieces may share.
    const heads = (tail + bytes.toString("latin1")).split("\r\n\r\n")
    tail = heads.pop() ?? ""
    for (let i = 0; i < heads.length; i += 1) {
      const at = performance.now()
      arrivals.push(at)
      if (!stalled && at - (arrivals[0] ?? at) > stallAfter) freeze()
      const delay = delays[arrivals.length % delays.length] ?? 0
      const reply = (): void => {
        socket.write(answer)
        kept.push(performance.now() - at)
      }
      if (delay === 0) reply()
      else setTimeout(reply, delay)
    }
  })
})
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  process.send?.(typeof address === "object" && address !== null ? address.port : 0)
})
process.on("message", () => {
  process.send?.({ arrivals, kept })
  arrivals = []
  kept = []
  stalled = stall === 0
})
process.on("disconnect", () => process.exit())
