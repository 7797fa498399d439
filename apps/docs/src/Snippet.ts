/**
 * Code shown on a page: a region of a real file, read when the site is built. Knows nothing of
 * Astro; `components/Snippet.astro` shows what `load` returns. A file or region that does not
 * exist is an error, so the build fails rather than the page.
 */
import { existsSync, readFileSync } from "node:fs"

const opening = /^\s*\/\/ #region (\S+)\s*$/
const closing = /^\s*\/\/ #endregion\b/

/**
 * The lines between `// #region name` and its `// #endregion`, without the indentation that they
 * share, without blank lines at either end and without the markers of regions inside.
 */
export const region = (source: string, name: string): string => {
  const lines = source.split(/\r?\n/)
  const names = lines.flatMap((line) => opening.exec(line)?.[1] ?? [])
  const starts = lines.flatMap((line, index) => (opening.exec(line)?.[1] === name ? [index] : []))
  const [start, second] = starts
  if (start === undefined) {
    const known = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`
    throw new Error(`there is no region "${name}" (${known})`)
  }
  if (second !== undefined) throw new Error(`there are two regions "${name}"`)

  const body: Array<string> = []
  let depth = 1
  for (const line of lines.slice(start + 1)) {
    if (opening.test(line)) depth++
    else if (!closing.test(line)) body.push(line)
    else if (--depth === 0) return dedent(body)
  }
  throw new Error(`the region "${name}" is not closed by // #endregion`)
}

const dedent = (lines: ReadonlyArray<string>): string => {
  const text = lines.filter((line) => line.trim() !== "")
  if (text.length === 0) return ""
  const indent = Math.min(...text.map((line) => line.search(/\S/)))
  return lines
    .slice(lines.indexOf(text[0] ?? ""), lines.lastIndexOf(text.at(-1) ?? "") + 1)
    .map((line) => line.slice(indent).trimEnd())
    .join("\n")
}

/** Where a page's `file` is, and its path from the root of the clone, which a reader can open. */
const locate = (docs: URL, file: string): { readonly url: URL; readonly path: string } => {
  const path = file.startsWith("examples/") ? `apps/docs/${file}` : file
  return { url: new URL(`../../${path}`, docs), path }
}

/**
 * The code to show and its title.
 *
 * @param docs the folder `apps/docs`
 * @param file a path under `apps/docs` when it starts with `examples/`, otherwise from the root
 * @param name a region of the file; the whole file, markers included, when left out
 */
export const load = (
  docs: URL,
  file: string,
  name?: string,
): { readonly code: string; readonly path: string } => {
  const { url, path } = locate(docs, file)
  if (!existsSync(url)) throw new Error(`${path}: there is no such file`)
  const source = readFileSync(url, "utf8")
  if (name === undefined) return { code: source.trimEnd(), path }
  try {
    return { code: region(source, name), path }
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
