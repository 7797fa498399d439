// #region topic
import { Topic } from "@manycore/ipc"
import { Schema } from "effect"

const Headline = Schema.Struct({ text: Schema.String, at: Schema.Date })

/** A reader that is slow loses the oldest headlines, and slows nobody. */
export const news = Topic.make("news", Headline, { capacity: 16, strategy: "sliding" })
// #endregion
