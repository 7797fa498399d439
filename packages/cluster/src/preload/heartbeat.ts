/** Answers the primary's question whether this event loop turns, and how many requests it had. */
import type { Agent } from "./Agent.ts"

export const install = (agent: Agent): void => {
  agent.hear((message) => {
    if (message[0] === "ping") agent.say(["pong", message[1], agent.requests?.() ?? null])
  })
}
