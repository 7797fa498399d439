/**
 * A thread that generates load: the entry file of each thread of a run. It does what it is told over
 * its link, and exits when it has ended and said so. Nothing of Effect is loaded here.
 */
import { Link, parentThreadWire } from "@manycore/ipc/bare"

import * as Histogram from "../Histogram.ts"
import { generate } from "./Fleet.ts"
import * as Messages from "./messages.ts"

const wire = parentThreadWire()
if (wire !== undefined) {
  const link = new Link(wire)
  const { on, send } = Messages.over(link)
  Histogram.ready()
  on("job", (job) => {
    let over = false
    const generator = generate(
      job,
      {
        ready: () => send("ready", null),
        parcel: (parcel) => send("parcel", parcel),
        ended: (result) => {
          over = true
          send("ended", result)
          link.close()
        },
      },
      true,
    )
    on("begin", generator.begin)
    on("collect", () => {
      if (!over) generator.collect()
    })
    on("stop", generator.stop)
    on("cut", generator.cut)
    generator.prepare()
  })
}
