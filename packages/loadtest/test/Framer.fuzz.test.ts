import { assert, describe, it } from "@effect/vitest"

import { done, Framer, malformed } from "../src/internal/framer/Framer.ts"
import * as NodeParser from "./fixtures/nodeParser.ts"
import { makeRandom, type Random } from "./fixtures/random.ts"

/** The same as the judge says of a stream of bytes, said by our framer. */
const read = (
  framer: Framer,
  pieces: ReadonlyArray<Buffer>,
  bodiless: (answer: number) => boolean,
  look = true,
): NodeParser.Reading => {
  framer.reset()
  const answers: NodeParser.Reading["answers"] = []
  let body = 0
  framer.onBody = look ? (_bytes, from, to) => (body += to - from) : undefined
  framer.bodiless = bodiless(0)
  for (const piece of pieces) {
    let at = 0
    while (at < piece.length) {
      const outcome = framer.next(piece, at, piece.length)
      if (outcome === malformed) return { answers, end: "malformed" }
      if (outcome !== done) break
      answers.push({ status: framer.status, body, persistent: framer.persistent })
      if (!framer.persistent) return { answers, end: "complete" }
      body = 0
      at = framer.position
      framer.bodiless = bodiless(answers.length)
    }
  }
  const end = framer.end()
  if (end === "complete") answers.push({ status: framer.status, body, persistent: false })
  return { answers, end: end === "head" || end === "body" ? "cut" : end }
}

const headers = [
  "Content-Type: text/plain",
  "Date: Sat, 21 Nov 2026 04:00:00 GMT",
  "X-Long: " + "a".repeat(300),
  "X-Empty:",
  "X-Tab:\tvalue\t",
  "X-Latin: caf\u00e9",
  "Connection: keep-alive",
  "connection: Keep-Alive, foo",
  "Connection: close",
  "Connection: foo , close ,bar",
  "Connection: closed",
  "Connection: keep-alive x",
  "Proxy-Connection: close",
  "Content-Length: 5",
  "content-LENGTH:3  ",
  "Content-Length: 0",
  "Content-Length: -1",
  "Content-Length: 1 2",
  "Content-Length:",
  "Content-Length: 99999999999999999999999999",
  "Transfer-Encoding: chunked",
  "transfer-encoding: gzip, CHUNKED ",
  "Transfer-Encoding: chunked, gzip",
  "Transfer-Encoding: chunked, chunked",
  "Transfer-Encoding: identity",
  "Transfer-Encoding:",
  "Connectio: close",
  "Connection-X: close",
  "Contentlength: 3",
  "Bad Name: x",
  "X-Folded: a\r\n b",
]

const bodies = [
  "",
  "hello",
  "5\r\nhello\r\n0\r\n\r\n",
  '5;a=b\r\nhello\r\n3;x="q\\"";y\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n',
  "A\r\n0123456789\r\n0\r\nContent-Length: 3\r\n\r\n",
  "5 \r\nhello\r\n0\r\n\r\n",
  "5\nhello\n0\n\n",
  "g\r\n",
  "3\r\nhello\r\n",
]
const firsts = [
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200 ",
  "HTTP/1.1 204",
  "HTTP/1.1 304 Not Modified",
  "HTTP/1.1 100 Continue",
  "HTTP/1.1 103 Early Hints",
  "HTTP/1.1 101 Switching Protocols",
  "HTTP/1.1 500 Internal \u00e9\u0001 Error",
  "HTTP/1.0 200 OK",
  "HTTP/2.0 200 OK",
  "HTTP/0.9 200 OK",
  "HTTP/1.2 200 OK",
  "HTTP/1.1  200 OK",
  "HTTP/1.1 20 OK",
  "HTTP/1.1 2000 OK",
  "http/1.1 200 OK",
  "\r\nHTTP/1.1 200 OK",
  "HTTP/1.1 200 OK\n",
]

const answer = (random: Random): string => {
  // Half of the answers are sound, so that streams get somewhere.
  if (random.chance(0.5)) {
    const plain = random.chance(0.6)
    const body = plain ? "x".repeat(random.below(40)) : (random.pick(bodies.slice(2, 4)) ?? "")
    const length = plain ? `Content-Length: ${body.length}` : "Transfer-Encoding: chunked"
    const extra = random.chance(0.5) ? `${random.pick(headers.slice(0, 8))}\r\n` : ""
    return `${random.pick(firsts.slice(0, 2))}\r\n${extra}${length}\r\n\r\n${body}`
  }
  const lines = Array.from({ length: random.below(4) }, () => random.pick(headers))
  return [random.pick(firsts), ...lines, "", random.pick(bodies)].join("\r\n")
}

const interesting = [...Buffer.from('\r\n :,;="\\\t\0azAZ09gG%')]

const mutate = (bytes: Buffer, random: Random): Buffer => {
  const result = [...bytes]
  for (let i = random.below(4); i > 0; i -= 1) {
    const at = random.below(result.length + 1)
    const byte = random.chance(0.7) ? random.pick(interesting) : random.below(256)
    const kind = random.below(3)
    if (kind === 0) result.splice(at, 1)
    else if (kind === 1) result.splice(at, 0, byte)
    else result[at] = byte
  }
  return Buffer.from(result)
}

const split = (bytes: Buffer, random: Random): ReadonlyArray<Buffer> => {
  const pieces: Array<Buffer> = []
  const every = random.chance(0.2)
  let at = 0
  while (at < bytes.length) {
    const size = every ? 1 : 1 + random.below(random.chance(0.5) ? 8 : 400)
    // A copy: the next bytes must not be within reach.
    pieces.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  return pieces
}

/** Upgrades that nobody asked for are Node's own affair. */
const upgrade = (bytes: Buffer): boolean => /upgrade/i.test(bytes.toString("latin1"))

const withoutBodies = ({ answers, end }: NodeParser.Reading) => ({
  answers: answers.map(({ persistent, status }) => [status, persistent]),
  end,
})

const compare = (
  seed: number,
  runs: number,
): { readonly answers: number; readonly bad: number } => {
  const random = makeRandom(seed)
  // One for all, as for a connection that is opened again and again.
  const framer = new Framer()
  let answers = 0
  let bad = 0
  for (let run = 0; run < runs; run += 1) {
    const parts = Array.from({ length: 1 + random.below(4) }, () => answer(random))
    const sound = Buffer.from(parts.join(""), "latin1")
    const bytes = random.chance(0.5) ? sound : mutate(sound, random)
    if (upgrade(bytes)) continue
    const heads = random.below(8)
    const some = random.chance(0.3)
    const bodiless = (index: number): boolean => some && (heads >> index) % 2 === 1
    const pieces = split(bytes, random)
    const expected = NodeParser.read(pieces, bodiless)
    if (expected === NodeParser.disputed) continue
    const found = read(framer, pieces, bodiless)
    assert.deepStrictEqual(
      found,
      expected,
      `seed ${seed}, run ${run}: ${JSON.stringify(pieces.map((piece) => piece.toString("latin1")))}`,
    )
    if (random.chance(0.5)) {
      // Without anybody who looks at bodies they are skipped at once.
      assert.deepStrictEqual(
        withoutBodies(read(framer, pieces, bodiless, false)),
        withoutBodies(found),
      )
    }
    answers += found.answers.length
    if (found.end === "malformed") bad += 1
  }
  return { answers, bad }
}

describe("Framer beside Node's own parser", () => {
  it.each([1, 2, 3, 4, 5, 6])(
    "reads the same answers from the same bytes, however they are split (seed %i)",
    (seed) => {
      const { answers, bad } = compare(seed, 10_000)
      // The streams are neither all sound nor all noise.
      assert.isAbove(answers, 1000)
      assert.isAbove(bad, 500)
    },
  )
})
