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

/** What is bundled in the place of a module, and why. */
const replaced: Readonly<Record<string, string>> = {
  // The histograms inflate and write their bytes with libraries for browsers; Node's own are faster.
  pako: 'export { deflateSync as deflate, inflateSync as inflate } from "node:zlib"',
  "base64-js": `
    export const toByteArray = (text) => new Uint8Array(Buffer.from(text, "base64"))
    export const fromByteArray = (bytes) => Buffer.from(bytes).toString("base64")`,
  // Files with random names, which are never asked for here, are no reason to load all of it.
  "node:crypto": `
    export const randomBytes = (size) => process.getBuiltinModule("node:crypto").randomBytes(size)`,
  // A run checks a handful of messages: to compile its Schemas takes longer than they do.
  "effect/schema/SchemaJITCompiler/enable": "export {}",
}

const replace: Plugin = {
  name: "replace",
  resolveId: (id) => (id in replaced ? `\0${id}` : null),
  load: (id) => (id.startsWith("\0") ? (replaced[id.slice(1)] ?? null) : null),
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
  plugins: [replace, licenses],
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
