/** One typed call from a worker to its primary. In a file of its own: it loads Effect. */
import { AskMany, Channel } from "@manycore/ipc"
import type { Link } from "@manycore/ipc/bare"
import { Effect, Scope } from "effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"

const channels = new WeakMap<Link, Promise<Channel.Channel>>()

/** One for each link: its end is the link's, so its Scope is never closed. */
const channelOf = (link: Link): Promise<Channel.Channel> => {
  const known = channels.get(link)
  if (known !== undefined) return known
  const made = Effect.runPromise(Scope.provide(Channel.fromLink(link), Scope.makeUnsafe()))
  channels.set(link, made)
  return made
}

export const askPrimary = async <
  Rpcs extends Rpc.Any,
  const Tag extends AskMany.Unary<Rpcs>["_tag"],
>(
  link: Link,
  group: RpcGroup.RpcGroup<Rpcs>,
  tag: Tag,
  payload: Rpc.PayloadConstructor<Rpc.ExtractTag<Rpcs, Tag>>,
  options: { readonly signal?: AbortSignal },
): Promise<Rpc.Success<Rpc.ExtractTag<Rpcs, Tag>>> => {
  const channel = await channelOf(link)
  const call = Effect.scoped(
    Effect.flatMap(AskMany.make(group, [["primary", channel] as const]), (primary) =>
      primary.one("primary", tag, payload),
    ),
  )
  // A caller without Effect has no services to give: contracts with middleware are not for it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Effect.runPromise(call as Effect.Effect<Rpc.Success<Rpc.ExtractTag<Rpcs, Tag>>>, options)
}
