import { Schema } from "effect"

/** An experiment that could not be carried out; `message` says why in one sentence. */
export class LabError extends Schema.TaggedError<LabError>()("LabError", {
  message: Schema.String,
}) {}
