import { createServer } from "node:net"

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { External } from "../src/index.ts"
import { descendants, fromPs, isAlive, parsePs, parseStat } from "../src/internal/processTable.ts"
import { fromLsof, parseAddress, parseLsof, parseTcp, read } from "../src/internal/socketTable.ts"

describe("the process table", () => {
  it.each([
    ["12 (node) S 7 12 7 0", { state: "S", ppid: 7 }],
    ["12 (a) b) (c) Z 1 12", { state: "Z", ppid: 1 }],
    ["", undefined],
  ] as const)("reads the stat line %j", (line, expected) => {
    assert.deepStrictEqual(parseStat(line), expected)
  })

  it("reads ps and leaves the zombies out", () => {
    const text = [
      "    1     0 Ss   /sbin/launchd",
      "  512     1 S+   node --import x  main.ts",
      "  513   512 Z+   (node)",
      "",
    ].join("\n")
    assert.deepStrictEqual(parsePs(text), [
      { pid: 1, ppid: 0, command: "/sbin/launchd" },
      { pid: 512, ppid: 1, command: "node --import x  main.ts" },
    ])
  })

  it("finds grandchildren, and survives a cycle", () => {
    const table = [
      { pid: 4, ppid: 3, command: "grandchild" },
      { pid: 3, ppid: 2, command: "child" },
      { pid: 9, ppid: 1, command: "stranger" },
      { pid: 2, ppid: 4, command: "root" },
    ]
    assert.deepStrictEqual(
      descendants(table, 2).map((process) => process.pid),
      [3, 4],
    )
  })
})

describe("the socket table", () => {
  it.each([
    ["0100007F:1F90", "127.0.0.1:8080"],
    ["00000000:0050", "0.0.0.0:80"],
    ["00000000000000000000000000000000:1F90", "[::]:8080"],
    ["00000000000000000000000001000000:1F90", "[::1]:8080"],
    ["0000000000000000FFFF00000100007F:1F90", "127.0.0.1:8080"],
    ["B80D01200000000000000000FE000000:01BB", "[2001:db8::fe]:443"],
    ["000080FE00000000FF005450B6AD1DFE:0016", "[fe80::5054:ff:fe1d:adb6]:22"],
  ])("reads the address %s", (hex, expected) => {
    assert.strictEqual(parseAddress(hex), expected)
  })

  it("reads /proc/net/tcp and leaves ownerless lines out", () => {
    const text = [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100",
      "   1: 0100007F:1F90 0100007F:9999 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0",
      "",
    ].join("\n")
    assert.deepStrictEqual(parseTcp(text), [
      { inode: "4711", local: "127.0.0.1:8080", state: "LISTEN" },
    ])
  })

  it("reads lsof", () => {
    const text = [
      "p512",
      "f21",
      "d0x1234",
      "n127.0.0.1:8080",
      "TST=LISTEN",
      "TQR=0",
      "f22",
      "d0x1235",
      "n127.0.0.1:8080->127.0.0.1:5000",
      "TST=ESTABLISHED",
      "",
    ].join("\n")
    assert.deepStrictEqual(parseLsof(text), [
      { pid: 512, local: "127.0.0.1:8080", state: "LISTEN", id: "512 0x1234" },
      { pid: 512, local: "127.0.0.1:8080", state: "ESTABLISHED", id: "512 0x1235" },
    ])
  })
})

const plain = (found: ReadonlyArray<{ pid: number; local: string; state: string }>) =>
  found.map(({ local, pid, state }) => `${pid} ${local} ${state}`).toSorted()

describe("without /proc", () => {
  External.live("ps", "ps lists this process under its parent, and not itself", () =>
    Effect.gen(function* () {
      const table = yield* fromPs(["-A", "-ww"])
      const self = table.find((process) => process.pid === globalThis.process.pid)
      assert.strictEqual(self?.ppid, process.ppid)
      assert.isFalse(table.some(({ ppid }) => ppid === process.pid))
      assert.isTrue(yield* isAlive(process.pid))
    }),
  )

  External.live("lsof", "lsof finds the socket that /proc finds", () =>
    Effect.gen(function* () {
      const server = yield* Effect.acquireRelease(
        Effect.callback<ReturnType<typeof createServer>>((resume) => {
          const server = createServer().listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close()),
      )
      assert.isTrue(server.listening)
      const expected = plain(yield* read([process.pid]))
      assert.isNotEmpty(expected)
      assert.deepStrictEqual(plain(yield* fromLsof([process.pid])), expected)
    }),
  )
})
