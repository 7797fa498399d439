/** Bars and tables of text. Pure. */

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

/**
 * A bar whose length is `value / max` of `width` columns, to an eighth of a column. What is not 0
 * shows.
 */
export const bar = (value: number, max: number, width: number): string => {
  if (!(value > 0) || !(max > 0)) return ""
  const parts = Math.max(1, Math.round((Math.min(value, max) / max) * width * 8))
  return "█".repeat(Math.floor(parts / 8)) + (eighths[parts % 8] ?? "")
}

/** Columns as wide as their widest cell; the first aligned left, the others right. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths: Array<number> = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  }
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("   ")
      .trimEnd(),
  )
}

/** Milliseconds for a person. */
export const ms = (value: number): string => {
  if (value >= 100) return `${value.toFixed(0)} ms`
  return value >= 10 ? `${value.toFixed(1)} ms` : `${value.toFixed(2)} ms`
}
