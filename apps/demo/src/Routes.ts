/**
 * The routes of the demo. `/` and `/block` hold the event loop on purpose: what that does to
 * everybody else is what the lab is about.
 */
import { pbkdf2Sync } from "node:crypto"

import { ClusterWorker } from "@manycore/cluster"
import { Effect, Layer, Schema } from "effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest, ParsedSearchParams } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as ProblemDetails from "effect/http/ProblemDetails"

import { Counting } from "./Counting.ts"

/** What the banner says of each route. */
export const descriptions: ReadonlyArray<readonly [route: string, what: string]> = [
  ["/", "slow: hashes on the event loop; its worker serves nobody else meanwhile"],
  ["/fast", "answers at once"],
  ["/block?ms=1000", "holds the event loop of its worker for so long (10 s at most)"],
  ["/thread?n=1000000000", "counts to n on a thread (1e9 at most), the loop stays free"],
  ["/crash", "kills the worker that answers; another takes its place"],
  ["/healthz", "says that the server is well"],
  ["/workers", "the workers as JSON: pid, state, restarts, uptime, requests"],
]

class BadQuery extends Schema.TaggedError<BadQuery>()("BadQuery", { detail: Schema.String }) {}

const problem = (status: number, title: string, detail: string) =>
  ProblemDetails.toResponse({ type: ProblemDetails.blankType, status, title, detail })

/** A whole number in the query. */
const wholeNumber = Effect.fnUntraced(function* (name: string, max: number, example: number) {
  const given = (yield* ParsedSearchParams)[name]
  const value = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : Number.NaN
  if (value >= 0 && value <= max) return value
  const got = given === undefined ? "it is missing" : `got ${JSON.stringify(given)}`
  return yield* new BadQuery({
    detail: `${name} must be a whole number from 0 to ${max}, such as ${name}=${example}; ${got}`,
  })
})

const badRequest = (error: BadQuery) => Effect.succeed(problem(400, "Bad Request", error.detail))

const unavailable = (error: Error) =>
  Effect.succeed(problem(503, "Service Unavailable", error.message))

const get = <E, R>(
  path: `/${string}`,
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
) => HttpRouter.add("GET", path, handler)

const Slow = get(
  "/",
  Effect.sync(() => {
    pbkdf2Sync("a", "b", 100_000, 512, "sha512")
    return HttpServerResponse.text(`Hi there, from process ${process.pid}\n`)
  }),
)

const Fast = get(
  "/fast",
  Effect.sync(() => HttpServerResponse.text(`That was fast, process ${process.pid}\n`)),
)

const Block = get(
  "/block",
  Effect.map(wholeNumber("ms", 10_000, 1000), (ms) => {
    const end = performance.now() + ms
    while (performance.now() < end);
    return HttpServerResponse.text(`Process ${process.pid} was blocked for ${ms} ms\n`)
  }).pipe(Effect.catchTag("BadQuery", badRequest)),
)

const Thread = get(
  "/thread",
  Effect.gen(function* () {
    const n = yield* wholeNumber("n", 1e9, 1e9)
    const tasks = yield* yield* Counting
    const { counted, threadId } = yield* tasks.Count({ n })
    return HttpServerResponse.text(
      `Thread ${threadId} of process ${process.pid} counted to ${counted}\n`,
    )
  }).pipe(Effect.catchTags({ BadQuery: badRequest, ThreadsError: unavailable })),
)

const Crash = get(
  "/crash",
  Effect.sync(() => {
    // After the answer has left.
    setTimeout(() => process.exit(1), 50)
    return HttpServerResponse.text(`Process ${process.pid} is about to crash\n`)
  }),
)

const Health = get("/healthz", Effect.succeed(HttpServerResponse.jsonUnsafe({ status: "ok" })))

const Workers = get(
  "/workers",
  Effect.gen(function* () {
    const { workers } = yield* ClusterWorker.ClusterWorker
    return HttpServerResponse.jsonUnsafe(yield* workers)
  }).pipe(Effect.catchTag("IpcError", unavailable)),
)

const NotFound = HttpRouter.add(
  "*",
  "/*",
  Effect.map(HttpServerRequest, (request) =>
    problem(404, "Not Found", `there is no route ${request.method} ${request.url}`),
  ),
)

export const Routes = Layer.mergeAll(Slow, Fast, Block, Thread, Crash, Health, Workers, NotFound)
