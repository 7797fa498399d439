/**
 * What each worker loads before its program is two files, the second one for workers only, written over
 * what `tsc` has made of them: to find and load thirty small ones takes longer than all else that the
 * preload does. Types stay `tsc`'s.
 */
import { defineConfig } from "rolldown"

export default defineConfig({
  input: { "preload/main": "src/preload/main.ts" },
  platform: "node",
  resolve: { conditionNames: ["@manycore/source", "node", "import"] },
  output: {
    dir: "dist",
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "preload/[name].js",
  },
})
