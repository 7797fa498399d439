/**
 * The command `manyload` as it is published: a few files with everything in them that it needs. To
 * find, read and link the 370 modules of which it consists takes Node longer than all else that it does
 * before its first request. The library stays as `tsc` makes it.
 *
 * All files lie side by side two folders below `package.json`, as their sources do, because the code
 * looks for that file and for the entries of its threads and servers relative to itself.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs"
import { dirname, join } from "node:path"

import { defineConfig, type Plugin } from "rolldown"

/** The histograms inflate their WebAssembly with a library for browsers; Node's own is faster. */
const zlib: Plugin = {
  name: "zlib",
  resolveId: (id) => (id === "pako" ? "\0zlib" : null),
  load: (id) =>
    id === "\0zlib"
      ? 'export { deflateSync as deflate, inflateSync as inflate } from "node:zlib"'
      : null,
}

/** A run checks a handful of messages: to compile its Schemas takes longer than they do. */
const interpreted: Plugin = {
  name: "interpreted",
  resolveId: (id) => (id === "effect/schema/SchemaJITCompiler/enable" ? "\0interpreted" : null),
  load: (id) => (id === "\0interpreted" ? "export {}" : null),
}

const packageOf = (file: string): string => {
  const folder = dirname(file)
  if (dirname(folder) === folder) throw new Error("a module belongs to no package")
  return existsSync(join(folder, "package.json")) &&
    readFileSync(join(folder, "package.json"), "utf8").includes('"name"')
    ? folder
    : packageOf(folder)
}

/** What the licenses of others ask of whoever hands on their code. */
const licenseOf = (folder: string): string => {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const { license, name, version } = Object(manifest)
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one))
  const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8")
  return [`${name} ${version} (${license})`, text.trim()].join("\n\n").trim()
}

const licenses: Plugin = {
  name: "licenses",
  generateBundle(_, bundle) {
    const folders = Object.values(bundle)
      .flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []))
      .filter((id) => id.includes("node_modules"))
      .map(packageOf)
    const source = [...new Set(folders)]
      .toSorted()
      .map(licenseOf)
      .join(`\n\n${"-".repeat(72)}\n\n`)
    this.emitFile({ type: "asset", fileName: "licenses.txt", source: `${source}\n` })
  },
}

export default defineConfig({
  input: {
    main: "src/cli/main.ts",
    thread: "src/internal/run/thread.ts",
    announce: "src/internal/server/announce.ts",
  },
  platform: "node",
  plugins: [zlib, interpreted, licenses],
  // The histograms ask for `zlib` in an `eval`, which finds nothing here and takes what is above.
  checks: { eval: false },
  output: {
    dir: "dist/bin",
    format: "esm",
    minify: true,
    cleanDir: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
  },
})
