import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { Census } from "@manycore/testkit"
import { Effect } from "effect"

import { run } from "./fixtures/run.ts"
import * as Servers from "./fixtures/servers.ts"

const { hello, pems } = Servers

describe("engine", () => {
  it.live("pipelines as deep as it is told, and matches answers to requests in order", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      let most = 0
      const { accepted, port } = yield* Servers.tcp((socket) => {
        let waiting = 0
        Servers.onRequest(socket, () => {
          waiting += 1
          most = Math.max(most, waiting)
          setTimeout(() => {
            waiting -= 1
            socket.write(hello)
          }, 2)
        })
      })
      const report = yield* run({
        url: `http://127.0.0.1:${port}/`,
        requests: 200,
        connections: 2,
        pipelining: 8,
      })
      assert.strictEqual(report.requests.ok, 200)
      assert.strictEqual(most, 8)
      assert.strictEqual(accepted(), 2)
    }),
  )

  it.live("says that it is saturated, and takes the lateness upon itself", () =>
    Effect.gen(function* () {
      // Server and generator share a thread here, which never comes to rest at this rate.
      const { port } = yield* Servers.tcp(Servers.always(hello))
      const report = yield* run({
        url: `http://127.0.0.1:${port}/`,
        rate: 1_000_000,
        duration: "1 second",
        connections: 10,
      })
      const codes = report.warnings.map(({ code }) => code)
      assert.includeMembers(codes, ["rate", "saturated", "late", "connections"])
      assert.isAbove(report.lateness?.p99 ?? 0, 100)
      assert.isAtLeast(report.latency?.p99 ?? 0, report.lateness?.p99 ?? Infinity)
    }),
  )

  it.live("loses only what was pipelined behind an answer that closes", () =>
    Effect.gen(function* () {
      let answered = 0
      const { port } = yield* Servers.tcp((socket) =>
        Servers.onRequest(socket, () => {
          answered += 1
          const last = answered % 10 === 0
          if (last) socket.end(hello.replace("\r\n", "\r\nConnection: close\r\n"))
          else socket.write(hello)
        }),
      )
      const report = yield* run({
        url: `http://127.0.0.1:${port}/`,
        requests: 100,
        connections: 1,
        pipelining: 4,
      })
      assert.strictEqual(report.requests.sent, 100)
      assert.isAbove(report.requests.ok, 50)
      assert.deepStrictEqual(Object.keys(report.errors), ["reset"])
    }),
  )

  it.live("sends each target its share, also to several servers, and tells them apart", () =>
    Effect.gen(function* () {
      const seen = new Map<string, number>()
      const one = yield* Servers.tcp((socket) =>
        Servers.onRequest(socket, (head) => {
          const [method = "", path = ""] = head.split(" ")
          seen.set(path, (seen.get(path) ?? 0) + 1)
          socket.write(method === "HEAD" ? hello.slice(0, -5) : hello)
        }),
      )
      const two = yield* Servers.tcp(Servers.always("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"))
      const report = yield* run({
        targets: [
          { url: `http://127.0.0.1:${one.port}/a`, weight: 5 },
          { url: `http://127.0.0.1:${one.port}/b`, weight: 3, method: "HEAD", name: "heads" },
          { url: `http://127.0.0.1:${two.port}/c`, weight: 2 },
        ],
        requests: 1000,
        connections: 5,
      })
      assert.deepStrictEqual(Object.fromEntries(seen), { "/a": 500, "/b": 300 })
      assert.deepStrictEqual(report.statuses, { 200: 800, 503: 200 })
      assert.deepStrictEqual(
        report.routes.map(({ errors, name, requests }) => [
          name,
          requests.ok,
          errors.status?.count,
        ]),
        [
          ["GET /a", 500, undefined],
          ["heads", 300, undefined],
          ["GET /c", 0, 200],
        ],
      )
      // Each of the five holds one connection to a server, once it was sent there.
      assert.strictEqual(one.accepted(), 5)
      assert.isAtMost(two.accepted(), 5)
    }),
  )

  it.live("checks statuses and bodies, and sends bodies with their length", () =>
    Effect.gen(function* () {
      const heads: Array<string> = []
      const { port } = yield* Servers.tcp((socket) => {
        socket.on("data", (bytes: Buffer) => {
          heads.push(bytes.toString("latin1"))
          socket.write(heads.length % 2 === 0 ? hello : hello.replace("hello", "world"))
        })
      })
      const url = `http://user:p%40ss@127.0.0.1:${port}/x?y=1`
      const report = yield* run({
        url,
        method: "POST",
        body: "caf\u00e9",
        headers: { "user-agent": "test", "X-Two": ["1", "2"] },
        requests: 10,
        expectStatus: [200, "3xx"],
        expectBody: "hello",
      })
      assert.strictEqual(report.errors.check?.count, 5)
      assert.strictEqual(report.requests.ok, 5)
      assert.strictEqual(
        heads[0],
        Buffer.from(
          [
            "POST /x?y=1 HTTP/1.1",
            `Host: 127.0.0.1:${port}`,
            "Accept: */*",
            `Authorization: Basic ${Buffer.from("user:p@ss").toString("base64")}`,
            "user-agent: test",
            "X-Two: 1",
            "X-Two: 2",
            "Connection: keep-alive",
            "Content-Length: 5",
            "",
            "caf\u00e9",
          ].join("\r\n"),
        ).toString("latin1"),
      )
      assert.strictEqual(report.bytes.sent, heads.join("").length)
      const created = yield* run({
        url,
        body: { base64: "AAEC" },
        requests: 2,
        expectStatus: [201],
      })
      assert.strictEqual(created.errors.status?.count, 2)
    }),
  )

  it.live("counts nothing of the warm-up", () =>
    Effect.gen(function* () {
      let served = 0
      const { port } = yield* Servers.tcp((socket) =>
        Servers.onRequest(socket, () => {
          served += 1
          socket.write(hello)
        }),
      )
      const url = `http://127.0.0.1:${port}/`
      const report = yield* run({ url, requests: 50, warmup: "200 millis", connections: 2 })
      assert.deepStrictEqual(report.requests, { sent: 50, ok: 50, failed: 0, inFlight: 0 })
      assert.isAbove(served, 60)
      served = 0
      const open = yield* run({ url, rate: 100, requests: 20, warmup: "200 millis" })
      assert.deepStrictEqual(open.requests, { sent: 20, ok: 20, failed: 0, inFlight: 0 })
      assert.strictEqual(served, 40)
    }),
  )

  it.live("connects to unix sockets", () =>
    Effect.gen(function* () {
      const socketPath = join(tmpdir(), `manyload-${process.pid}.sock`)
      yield* Servers.tcp(Servers.always(hello), { path: socketPath })
      const report = yield* run({ url: "http://app/", socketPath, requests: 20, connections: 2 })
      assert.strictEqual(report.requests.ok, 20)
      const nobody = yield* run({ url: "http://app/", socketPath: "/nowhere.sock", requests: 3 })
      assert.strictEqual(nobody.errors.refused?.count, nobody.requests.failed)
      assert.strictEqual(nobody.ended, "unreachable")
    }),
  )

  it.live("finds the address of localhost on which the server listens", () =>
    Effect.gen(function* () {
      const { port } = yield* Servers.tcp(Servers.always(hello))
      const report = yield* run({ url: `http://localhost:${port}/`, requests: 20, connections: 4 })
      assert.deepStrictEqual(report.requests, { sent: 20, ok: 20, failed: 0, inFlight: 0 })
    }),
  )
})

describe("TLS", () => {
  it.live("trusts an authority of the plan, says which host it wants, and resumes sessions", () =>
    Effect.gen(function* () {
      yield* Census.guard()
      const names = new Set<unknown>()
      let resumed = 0
      const { accepted, port } = yield* Servers.tls({}, (socket) => {
        names.add(socket.servername)
        names.add(socket.alpnProtocol)
        if (socket.isSessionReused()) resumed += 1
        Servers.always(hello)(socket)
      })
      const plan = {
        url: `https://127.0.0.1:${port}/`,
        requests: 20,
        keepAlive: false,
        tls: { ca: pems.ca, serverName: "api.example.test" },
      } as const
      const report = yield* run(plan)
      assert.strictEqual(report.requests.ok, 20, JSON.stringify(report.errors))
      assert.strictEqual(accepted(), 20)
      assert.deepStrictEqual(names, new Set(["api.example.test", "http/1.1"]))
      assert.isAtLeast(resumed, 15)
      resumed = 0
      yield* run({ ...plan, tls: { ...plan.tls, sessionReuse: false } })
      assert.strictEqual(resumed, 0)
    }),
  )

  it.live("says tls when a certificate is not to be trusted, unless it is told to trust any", () =>
    Effect.gen(function* () {
      const { port } = yield* Servers.tls({}, Servers.always(hello))
      const url = `https://127.0.0.1:${port}/`
      const refused = yield* run({ url, requests: 4, connections: 2 })
      assert.strictEqual(refused.errors.tls?.count, refused.requests.failed)
      assert.isNotEmpty(refused.errors.tls?.example)
      const insecure = yield* run({ url, requests: 4, connections: 2, tls: { insecure: true } })
      assert.strictEqual(insecure.requests.ok, 4)
      const plain = yield* Servers.tcp(Servers.always(hello))
      const wrong = yield* run({
        url: `https://127.0.0.1:${plain.port}/`,
        requests: 2,
        timeout: 500,
      })
      assert.strictEqual(wrong.requests.failed, wrong.requests.sent)
    }),
  )

  it.live(
    "shows its certificate to servers that ask for one, and keeps the key out of the report",
    () =>
      Effect.gen(function* () {
        const { port } = yield* Servers.tls(
          { ca: pems.ca, requestCert: true, rejectUnauthorized: true },
          Servers.always(hello),
        )
        const url = `https://127.0.0.1:${port}/`
        const tls = { ca: pems.ca, cert: pems.clientCert, key: pems.clientKey }
        const report = yield* run({ url, requests: 6, connections: 2, tls })
        assert.strictEqual(report.requests.ok, 6, JSON.stringify(report.errors))
        assert.isUndefined(report.plan.tls?.key)
        const stranger = yield* run({ url, requests: 2, tls: { ca: pems.ca } })
        assert.strictEqual(stranger.requests.ok, 0)
      }),
  )

  it.effect("refuses certificates that cannot be read before it connects", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        run({ url: "https://127.0.0.1/", tls: { cert: "nonsense" } }),
      )
      assert.strictEqual(error.reason._tag, "InvalidPlan")
      assert.include(error.message, "tls must hold certificates and keys as PEM")
    }),
  )
})
