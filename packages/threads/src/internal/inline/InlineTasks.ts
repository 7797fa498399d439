/** The contract of threads that run functions which come as source. */
import { Schema } from "effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"

import type { EncodedThrown } from "../wire/errors.ts"

/** What a function did. Both sides are ours: what it returned or threw is data to carry, not to check. */
export type Outcome =
  | { readonly _tag: "Returned"; readonly value: unknown }
  | { readonly _tag: "Threw"; readonly thrown: EncodedThrown }

const isOutcome = (value: unknown): value is Outcome =>
  typeof value === "object" && value !== null && "_tag" in value

const Outcome = Schema.declare<Outcome>(isOutcome, { expected: "the outcome of a function" })

export class InlineTasks extends RpcGroup.make(
  Rpc.make("Run", {
    payload: { source: Schema.String, args: Schema.Array(Schema.Any) },
    success: Outcome,
  }),
  /** The function of each item, one after the other. */
  Rpc.make("RunEach", {
    payload: { source: Schema.String, items: Schema.Any },
    success: Outcome,
  }),
) {}
