import { fileURLToPath } from "node:url"

import { defineConfig, mergeConfig } from "vitest/config"

import { shared } from "../vitest.shared.ts"

// Tests of the workspace as a whole: its scripts, and its packages as they are published.
export default mergeConfig(
  shared,
  defineConfig({
    root: fileURLToPath(new URL(".", import.meta.url)),
    test: { name: "workspace", include: ["*.test.ts"], typecheck: { enabled: false } },
  }),
)
