/**
 * What a thread loads is one file, written over what `tsc` has made of it: to find and load sixteen
 * small ones takes longer than all else that a bare thread does before its first task. The entries
 * share the rest, so that `move` and `Failure` are the same for each of them. Types stay `tsc`'s.
 */
import { defineConfig } from "rolldown"

export default defineConfig({
  input: {
    bare: "src/bare.ts",
    "internal/host/module.thread": "src/internal/host/module.thread.ts",
    "internal/inline/inline.thread": "src/internal/inline/inline.thread.ts",
  },
  platform: "node",
  resolve: { conditionNames: ["@manycore/source", "node", "import"] },
  output: {
    dir: "dist",
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "internal/host/thread.js",
  },
})
