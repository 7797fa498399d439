/** The words that screens and summaries are made of: numbers, columns, colours. Pure. */
import { precise, whole } from "../../internal/Numbers.ts"

export { plural, precise, whole } from "../../internal/Numbers.ts"

/** Wraps a text in a style, or leaves it alone. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly warn: (text: string) => string
  readonly bad: (text: string) => string
  /** Charts of rates. */
  readonly rate: (text: string) => string
  /** Charts of times. */
  readonly time: (text: string) => string
}

const sgr = (code: number) => (text: string) => `\u001B[${code}m${text}\u001B[0m`
const same = (text: string): string => text

export const style = (colors: boolean): Style =>
  colors
    ? {
        bold: sgr(1),
        dim: sgr(2),
        good: sgr(32),
        warn: sgr(33),
        bad: sgr(31),
        rate: sgr(36),
        time: sgr(35),
      }
    : { bold: same, dim: same, good: same, warn: same, bad: same, rate: same, time: same }

/** Three significant digits at least, in the unit that reads best. */
export const ms = (time: number): string => {
  if (time >= 3_600_000) {
    return `${Math.floor(time / 3_600_000)}h ${String(Math.floor((time % 3_600_000) / 60_000)).padStart(2, "0")}m`
  }
  if (time >= 60_000) {
    return `${Math.floor(time / 60_000)}m ${String(Math.floor((time % 60_000) / 1000)).padStart(2, "0")}s`
  }
  if (time >= 10_000) return `${(time / 1000).toFixed(1)} s`
  if (time >= 1000) return `${(time / 1000).toFixed(2)} s`
  if (time >= 100) return `${time.toFixed(0)} ms`
  if (time >= 10) return `${time.toFixed(1)} ms`
  return `${time.toFixed(2)} ms`
}

/** Whole seconds, for what ticks: `7 s`, `1m 05s`. */
export const seconds = (time: number): string =>
  time < 60_000 ? `${Math.max(0, Math.round(time / 1000))} s` : ms(time)

/** `532 B`, `1.23 MB`: powers of 1000. */
export const bytes = (count: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  let value = count
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? whole(value) : precise(value)} ${units[unit]}`
}

/** `45.2 %`; what is there at all is never `0.0 %`, what is missing is never `100.0 %`. */
export const percent = (part: number, all: number): string => {
  if (all <= 0 || part === 0) return "0 %"
  const share = (part * 100) / all
  if (share > 0 && share < 0.1) return "<0.1 %"
  if (share < 100 && share > 99.9) return ">99.9 %"
  return `${share.toFixed(1)} %`
}

/** What a server sends as its reason must not move the cursor. */
export const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replace(/[\u0000-\u001F\u007F-\u009F]/g, " ")

/** Columns as wide as their widest cell; the first aligned to the left, the others to the right. */
export const columns = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  gap = "   ",
): ReadonlyArray<string> => {
  const widths: Array<number> = []
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length)
    })
  }
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join(gap)
      .trimEnd(),
  )
}

/** The text without its colours. */
export const plain = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replaceAll(/\u001B\[[\d;]*m/g, "")

/** Cuts a line to `width` visible characters; its colours do not count and do not run on. */
export const fit = (line: string, width: number): string => {
  if (plain(line).length <= width) return line
  let visible = 0
  let result = ""
  let colored = false
  // oxlint-disable-next-line no-control-regex
  for (const [part] of line.matchAll(/\u001B\[[\d;]*m|[^\u001B]/gu)) {
    if (part.startsWith("\u001B")) {
      result += part
      colored = part !== "\u001B[0m"
    } else if (visible < width) {
      result += part
      visible += 1
    }
  }
  return colored ? `${result}\u001B[0m` : result
}

/** What stands on the left of a line, in a column of its own. */
export const label = (name: string): string => `  ${name.padEnd(10)} `
