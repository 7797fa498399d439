/**
 * What one generator is to do: its part of a plan, as plain data that can be sent to a thread.
 * Rates, requests and connections of all parts add up to those of the plan.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

import * as Plan from "../../Plan.ts"
import type * as Target from "../../Target.ts"
import { Tls } from "../plan/codecs.ts"

// @effect-diagnostics schemaNumber:off -- what is `Infinity` has no limit

const Origin = Schema.Struct({
  secure: Schema.Boolean,
  host: Schema.String,
  port: Schema.Int,
})
type Origin = typeof Origin.Type

/**
 * - `bytes`: the whole request.
 * - `expected`: 1 for each status that counts as ok.
 */
const Route = Schema.Struct({
  name: Schema.String,
  origin: Schema.Int,
  weight: Schema.Finite,
  head: Schema.Boolean,
  bytes: Schema.Uint8Array,
  expected: Schema.Uint8Array,
  contains: Schema.UndefinedOr(Schema.String),
})
export type Route = typeof Route.Type

const Schedule = Schema.Struct({
  rate: Schema.Finite,
  stages: Schema.UndefinedOr(
    Schema.Array(Schema.Struct({ duration: Schema.Finite, rate: Schema.Finite })),
  ),
  arrivals: Schema.Literals(["constant", "poisson"]),
  seed: Schema.Int,
  precise: Schema.Boolean,
})
type Schedule = typeof Schedule.Type

/**
 * Times in ms.
 *
 * - `connections`: how many requests may be in flight, divided by `pipelining`.
 * - `ahead`: open all of them before the first request.
 * - `requests`: `Infinity` for no limit. `duration`: `Infinity` when only the requests end it.
 * - `schedule`: `undefined` for the closed model.
 */
export const Job = Schema.Struct({
  part: Schema.Int,
  parts: Schema.Int,
  origins: Schema.Array(Origin),
  routes: Schema.Array(Route),
  connections: Schema.Int,
  ahead: Schema.Boolean,
  pipelining: Schema.Int,
  keepAlive: Schema.Boolean,
  requests: Schema.Number,
  duration: Schema.Number,
  warmup: Schema.Finite,
  timeout: Schema.Finite,
  grace: Schema.Finite,
  schedule: Schema.UndefinedOr(Schedule),
  bail: Schema.Number,
  socketPath: Schema.UndefinedOr(Schema.String),
  tls: Schema.UndefinedOr(Tls),
})
export type Job = typeof Job.Type

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 }

const bodyOf = (body: Plan.Plan["body"]): Buffer =>
  body === undefined
    ? Buffer.alloc(0)
    : typeof body === "string"
      ? Buffer.from(body)
      : Buffer.from(body.base64, "base64")

/** Methods of which servers expect a body, so that an empty one is announced. */
const withBody = new Set(["POST", "PUT", "PATCH"])

/** The bytes of a request. Headers that the plan gives take the place of those that we would send. */
const requestOf = (target: Target.Resolved, keepAlive: boolean): Buffer => {
  const url = new URL(target.url)
  const body = bodyOf(target.body)
  const lines: Array<string> = [`${target.method} ${url.pathname}${url.search} HTTP/1.1`]
  const given = new Set(Object.keys(target.headers).map((name) => name.toLowerCase()))
  if (!given.has("host")) lines.push(`Host: ${url.host}`)
  if (!given.has("user-agent")) lines.push("User-Agent: manyload")
  if (!given.has("accept")) lines.push("Accept: */*")
  if (!given.has("authorization") && url.username !== "") {
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    lines.push(`Authorization: Basic ${Buffer.from(user).toString("base64")}`)
  }
  for (const [name, value] of Object.entries(target.headers)) {
    for (const one of typeof value === "string" ? [value] : value) lines.push(`${name}: ${one}`)
  }
  lines.push(`Connection: ${keepAlive ? "keep-alive" : "close"}`)
  if (body.length > 0 || withBody.has(target.method)) lines.push(`Content-Length: ${body.length}`)
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body])
}

/** 2xx and 3xx when the plan does not say. */
const expectedOf = (statuses: Target.Resolved["expectStatus"]): Uint8Array => {
  const expected = new Uint8Array(1000)
  for (const status of statuses ?? ["2xx", "3xx"]) {
    if (typeof status === "number") expected[status] = 1
    else expected.fill(1, Number(status[0]) * 100, Number(status[0]) * 100 + 100)
  }
  return expected
}

/** `total` in `parts` whole numbers that differ by one at most. */
const split = (total: number, part: number, parts: number): number =>
  total === Infinity
    ? Infinity
    : Math.floor(total / parts) + (part < total - Math.floor(total / parts) * parts ? 1 : 0)

/** How many generators a plan takes: never more than it has connections or requests. */
const partsOf = (plan: Plan.Plan): number =>
  Math.min(plan.threads, Plan.connectionLimit(plan), plan.requests ?? Infinity)

const ms = (duration: Duration.Duration): number => Duration.toMillis(duration)

/** The jobs of all generators. */
export const make = (plan: Plan.Plan): ReadonlyArray<Job> => {
  const origins: Array<Origin> = []
  const seen = new Map<string, number>()
  const routes = Plan.targets(plan).map((target): Route => {
    const url = new URL(target.url)
    const known = seen.get(url.origin)
    const origin = known ?? origins.length
    if (known === undefined) {
      seen.set(url.origin, origin)
      const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname
      const port = url.port === "" ? (defaultPorts[url.protocol] ?? 80) : Number(url.port)
      origins.push({ secure: url.protocol === "https:", host, port })
    }
    return {
      name: target.name,
      origin,
      weight: target.weight,
      head: target.method === "HEAD",
      bytes: requestOf(target, plan.keepAlive),
      expected: expectedOf(target.expectStatus),
      contains: target.expectBody,
    }
  })
  const time = Plan.sendingTime(plan)
  const parts = partsOf(plan)
  const connections = Plan.connectionLimit(plan)
  const schedule: Schedule | undefined = Plan.isOpen(plan)
    ? {
        rate: plan.rate ?? 0,
        stages: plan.stages?.map((stage) => ({ duration: ms(stage.duration), rate: stage.rate })),
        arrivals: plan.arrivals,
        seed: plan.seed,
        precise: plan.pacing === "precise",
      }
    : undefined
  return Array.from({ length: parts }, (_, part) => ({
    part,
    parts,
    origins,
    routes,
    connections: split(connections, part, parts),
    ahead: schedule !== undefined && plan.connections !== undefined && plan.keepAlive,
    pipelining: plan.pipelining,
    keepAlive: plan.keepAlive,
    requests: split(plan.requests ?? Infinity, part, parts),
    duration: time === undefined ? Infinity : ms(time),
    warmup: ms(plan.warmup),
    timeout: ms(plan.timeout),
    grace: ms(plan.grace),
    schedule,
    bail: plan.bail ?? Infinity,
    socketPath: plan.socketPath,
    tls: plan.tls,
  }))
}
