/** How a plan loads, in words: the line under the target. Pure. */
import * as Duration from "effect/Duration"

import * as Plan from "../../Plan.ts"
import * as Text from "./Text.ts"

const stages = (plan: Plan.Plan): string =>
  (plan.stages ?? [])
    .map(
      ({ duration, rate }) => `${Text.precise(rate)}/s in ${Text.ms(Duration.toMillis(duration))}`,
    )
    .join(", ")

/** `50 connections, keep-alive, closed model` */
export const describe = (plan: Plan.Plan): string => {
  const parts: Array<string> = []
  const connections = Text.plural(Plan.connectionLimit(plan), "connection")
  if (Plan.isOpen(plan)) {
    if (plan.rate !== undefined) parts.push(`${Text.precise(plan.rate)} requests/s`)
    if (plan.stages !== undefined) parts.push(`then ${stages(plan)}`)
    if (plan.arrivals === "poisson") parts.push("poisson arrivals")
    parts.push(`up to ${connections}`)
  } else {
    parts.push(connections)
  }
  if (plan.threads > 1) parts.push(`${plan.threads} threads`)
  if (plan.pipelining > 1) parts.push(`pipelining ${plan.pipelining}`)
  parts.push(
    plan.keepAlive ? "keep-alive" : "a new one for each request",
    `${Plan.isOpen(plan) ? "open" : "closed"} model`,
  )
  return parts.join(", ").replace(/^then /, "")
}

/** `GET http://127.0.0.1:3000/fast`, or how many targets there are. */
export const target = (plan: Plan.Plan): string => {
  const targets = Plan.targets(plan)
  const [first] = targets
  return targets.length === 1 && first !== undefined
    ? `${first.method} ${Text.printable(first.url)}`
    : `${targets.length} targets`
}
