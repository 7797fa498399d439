/** Where a run takes place, for its report. */
import { readFileSync } from "node:fs"
import { availableParallelism, cpus } from "node:os"

const manifest: unknown = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
)

export const version: string =
  typeof manifest === "object" &&
  manifest !== null &&
  "version" in manifest &&
  typeof manifest.version === "string"
    ? manifest.version
    : "unknown"

export const capture = (startedAt: string) => ({
  manyload: version,
  node: process.version,
  platform: process.platform,
  arch: process.arch,
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  startedAt,
})
