/**
 * What the checks read in a page of `src/content/docs`: its fences, its snippets, and code that
 * got in past the component `Snippet`. Text in, values out.
 */

interface Fence {
  readonly line: number
  /** Empty when the fence names none. */
  readonly language: string
}

interface Shown {
  readonly line: number
  readonly file: string
  /** Undefined: the whole file. */
  readonly region: string | undefined
}

interface Complaint {
  readonly line: number
  readonly message: string
}

const opening = /^(?:\s|>|[-*+]\s|\d+[.)]\s)*(`{3,}|~{3,})\s*([^\s`{]*)[^`]*$/

/** The fences, and the text around them: same lines, with fences and inline code blanked. */
const split = (source: string): { fences: ReadonlyArray<Fence>; text: string } => {
  const fences: Array<Fence> = []
  const text: Array<string> = []
  let fence: string | undefined
  for (const [index, line] of source.split("\n").entries()) {
    const [, marks = "", language = ""] = opening.exec(line) ?? []
    if (fence === undefined && marks !== "") {
      fence = marks
      fences.push({ line: index + 1, language: language.toLowerCase() })
      text.push("")
    } else if (fence === undefined) {
      text.push(line)
    } else {
      if (language === "" && marks.startsWith(fence)) fence = undefined
      text.push("")
    }
  }
  return { fences, text: text.join("\n").replaceAll(/(`+)[^`\n]+\1/g, "") }
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length

const attribute = (attributes: string, name: string): string | undefined =>
  new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1]

/** What the page shows through `<Snippet … />`. A file that is not a plain string comes as "". */
export const snippets = (source: string): ReadonlyArray<Shown> => {
  const { text } = split(source)
  return [...text.matchAll(/<Snippet\b([^>]*)>/g)].map(({ 1: attributes = "", index }) => ({
    line: lineAt(text, index),
    file: attribute(attributes, "file") ?? "",
    region: attribute(attributes, "region"),
  }))
}

const languages = /^(?:[cm]?[jt]sx?|typescript|javascript|twoslash)$/

/** Code of a page that no test runs, and fences that do not say what they are. */
export const complaints = (source: string): ReadonlyArray<Complaint> => {
  const { fences, text } = split(source)
  return [
    ...fences.flatMap(({ line, language }) => {
      if (language === "") return { line, message: "the fence names no language, such as text" }
      if (!languages.test(language)) return []
      return { line, message: `a ${language} fence; show a region of a tested file with <Snippet>` }
    }),
    ...[...text.matchAll(/<(Code|pre)\b|\?raw\b/g)].map(({ 0: found, index }) => ({
      line: lineAt(text, index),
      message: `${found}; show a region of a tested file with <Snippet>`,
    })),
  ].toSorted((a, b) => a.line - b.line)
}
