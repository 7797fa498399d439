/**
 * What the conductor of a run asks of its threads: one task, which generates load and tells what it
 * counted, until it has ended. What it is told meanwhile are `Orders`.
 */
import { MessagePort } from "node:worker_threads"

import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as Transferable from "effect/workers/Transferable"

import * as Report from "../../Report.ts"
import { Job } from "../engine/Job.ts"

/** An encoded histogram; `undefined` when it is empty. */
const Times = Schema.UndefinedOr(Schema.String)

/** What was counted on one route; each histogram counts for what its name says, `both` for both. */
const Route = Schema.Struct({
  sent: Schema.Int,
  ok: Schema.Int,
  failed: Schema.Int,
  bytesSent: Schema.Int,
  bytesReceived: Schema.Int,
  statuses: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int])),
  errors: Schema.Array(
    Schema.Tuple([
      Schema.Literals(Struct.keys(Report.Errors.fields)),
      Schema.Struct({ count: Schema.Int, example: Schema.String }),
    ]),
  ),
  both: Times,
  latency: Times,
  service: Times,
})

/**
 * What a generator counted since its last parcel. `at` and `lastAnswer` in ms since 1970, which
 * threads agree on; `lastAnswer` is `undefined` when there was none.
 */
const Parcel = Schema.Struct({
  at: Schema.Finite,
  lastAnswer: Schema.UndefinedOr(Schema.Finite),
  routes: Schema.Array(Route),
  lateness: Times,
})
export type Parcel = typeof Parcel.Type

/**
 * How a generator ended: see `Outcome`; times in ms since 1970. `busy` is the share of its time that
 * its event loop was busy, from 0 to 1.
 */
const Result = Schema.Struct({
  ended: Report.Report.fields.ended,
  inFlight: Schema.Int,
  unsent: Schema.Int,
  unopened: Schema.Int,
  lateAnswers: Schema.Int,
  startedAt: Schema.Finite,
  stoppedAt: Schema.Finite,
  endedAt: Schema.Finite,
  busy: Schema.Finite,
})
export type Result = typeof Result.Type

/** `Ready` to begin, at the latest after the connect timeout; `Ended` comes last, after all parcels. */
export const Event = Schema.Union([
  Schema.TaggedStruct("Ready", {}),
  Schema.TaggedStruct("Counted", { parcel: Parcel }),
  Schema.TaggedStruct("Ended", { result: Result }),
])
export type Event = typeof Event.Type

/** Moves to the thread. */
const Port = Transferable.schema(Schema.instanceOf(MessagePort), (port) => [port])

export class Generators extends RpcGroup.make(
  Rpc.make("Generate", { payload: { job: Job, orders: Port }, success: Event, stream: true }),
) {}
