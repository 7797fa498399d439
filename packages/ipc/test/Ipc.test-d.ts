import type { Ipc, IpcError } from "@manycore/ipc"
import type { Effect, Stream } from "effect"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import { expectTypeOf, test } from "vitest"

import type { Contract, NotDivisible } from "./fixtures/Contract.ts"

declare const client: Ipc.Client<RpcGroup.Rpcs<typeof Contract>>

test("a client is typed both ways", () => {
  expectTypeOf(() => client.Divide({ dividend: 4, divisor: 2 })).returns.toEqualTypeOf<
    Effect.Effect<number, NotDivisible | IpcError.IpcError>
  >()
  expectTypeOf(() => client.Count({ to: 3 })).returns.toEqualTypeOf<
    Stream.Stream<number, IpcError.IpcError>
  >()
  // @ts-expect-error a payload of the wrong type
  void (() => client.Divide({ dividend: "4", divisor: 2 }))
})
