/**
 * What a process or a thread loads without Effect is one file: to find and load some thirty small ones
 * takes longer than all else that a bare entry does before its first answer. All entries share it, so that
 * a class is the same for each of them. `tsc` makes the types.
 */
import { defineConfig } from "rolldown"

import manifest from "./package.json" with { type: "json" }

/** The entries, by their names below `dist`. */
const input = Object.fromEntries(
  Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === "string"
      ? []
      : [[entry.default.replace("./dist/", "").replace(".js", ""), entry["@manycore/source"]]],
  ),
)

export default defineConfig({
  input,
  external: [/^effect/],
  platform: "node",
  resolve: { conditionNames: ["@manycore/source", "node", "import"] },
  output: {
    dir: "dist",
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "internal/[name].js",
    codeSplitting: {
      groups: [
        { name: "kernel", test: /src\/(bare[/.]|internal\/(wires|sharedMemory)\.ts)/, priority: 2 },
        { name: "effectful", test: /src\//, priority: 1 },
      ],
    },
  },
})
