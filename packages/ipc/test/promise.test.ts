import { IpcError } from "@manycore/ipc"
import { fork, type Peer } from "@manycore/ipc/promise"
import { Condition } from "@manycore/testkit"
import { assert, describe, expect, it } from "vitest"

import { NotDivisible } from "./fixtures/Contract.ts"
import { Plain } from "./fixtures/Plain.ts"

const withPeer = async (use: (peer: Peer) => Promise<void>) => {
  const peer = await fork(new URL("./fixtures/promise.ts", import.meta.url))
  try {
    await use(peer)
  } finally {
    await peer.close()
  }
}

describe("the promise face", () => {
  it("calls answer promises and async iterables, and errors keep their class", () =>
    withPeer(async (peer) => {
      const client = await peer.client(Plain)
      expect(await client.Add({ a: 1, b: 2 })).toBe(3)
      await expect(client.Divide({ dividend: 3, divisor: 2 })).rejects.toBeInstanceOf(NotDivisible)
      await expect(client.Bug()).rejects.toThrow("a bug")
      const numbers: Array<number> = []
      for await (const n of client.Count({ to: 3 })) numbers.push(n)
      expect(numbers).toStrictEqual([1, 2, 3])
    }))

  it("aborting a call interrupts its handler", () =>
    withPeer(async (peer) => {
      const client = await peer.client(Plain)
      const controller = new AbortController()
      const call = client.Wait(undefined, { signal: controller.signal })
      await client.Aborted()
      controller.abort()
      await expect(call).rejects.toThrow()
      await Condition.untilPromise(
        "the handler was told",
        async () => (await client.Aborted()) === 1,
      )
    }))

  it("a peer that is killed rejects the calls in flight, and closed tells why", () =>
    withPeer(async (peer) => {
      const client = await peer.client(Plain)
      const call = client.Wait()
      await client.Aborted()
      process.kill(peer.pid ?? 0, "SIGKILL")
      const error: unknown = await call.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      assert(error instanceof IpcError.IpcError)
      expect(error.reason).toMatchObject({ _tag: "PeerExited", signal: "SIGKILL" })
      expect(await peer.closed).toMatchObject({ _tag: "PeerExited", signal: "SIGKILL" })
    }))

  it("a program that does not exist rejects", async () => {
    await expect(fork("/no/such/file.js")).rejects.toThrow("there is no such file")
  })

  it("close is what await using calls", () =>
    withPeer(async (peer) => {
      await peer[Symbol.asyncDispose]()
      expect(await peer.closed).toMatchObject({ _tag: "ChannelClosed" })
    }))
})
