/**
 * Listening to a subject for a while. What still arrives once the last listener has gone is answered or
 * dropped: a link would keep it for whoever comes next, in a window that calls need, and its sender would
 * wait for ever.
 */
import type { Link, Listener } from "../bare/Link.ts"
import type { Channel } from "../Channel.ts"

interface Place {
  listeners: number
  /** Stops who stands in while there is no listener. */
  stopStandIn: (() => void) | undefined
}

const places = new WeakMap<Link, Map<string, Place>>()

const placeOf = (link: Link, subject: string): Place => {
  let bySubject = places.get(link)
  if (bySubject === undefined) {
    bySubject = new Map()
    places.set(link, bySubject)
  }
  let place = bySubject.get(subject)
  if (place === undefined) {
    place = { listeners: 0, stopStandIn: undefined }
    bySubject.set(subject, place)
  }
  return place
}

const drop = () => {}

/** Listen; `standIn` hears what comes after the last one has stopped. Answers how to stop, once. */
export const attend = (
  channel: Channel,
  subject: string,
  listener: Listener,
  standIn: Listener = drop,
): (() => void) => {
  const place = placeOf(channel.link, subject)
  place.listeners++
  const stop = channel.listen(subject, listener)
  place.stopStandIn?.()
  place.stopStandIn = undefined
  return () => {
    place.listeners--
    if (place.listeners === 0) place.stopStandIn = channel.listen(subject, standIn)
    stop()
  }
}
