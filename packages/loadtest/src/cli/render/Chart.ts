/** Charts and bars of block characters. Pure. */

const eighths = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const

/** A bar of at most `width` characters, drawn to an eighth of one; what is there at all is seen. */
export const bar = (value: number, max: number, width: number): string => {
  if (!(value > 0) || !(max > 0)) return ""
  const parts = Math.max(1, Math.round(Math.min(1, value / max) * width * 8))
  const left = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][parts % 8] ?? ""
  return "█".repeat(Math.floor(parts / 8)) + left
}

/** A bar that is full at 1. */
export const progress = (share: number, width: number): string => {
  const full = Math.round(Math.max(0, Math.min(1, share)) * width)
  return "█".repeat(full) + "░".repeat(width - full)
}

/**
 * A chart with a column for each of the last `width` values, `height` lines, the highest first. A
 * value that is not known, `null`, leaves its column empty; zero is a line on the ground.
 */
export const columns = (
  values: ReadonlyArray<number | null>,
  max: number,
  width: number,
  height: number,
): ReadonlyArray<string> => {
  const shown = values.slice(-width).map((value) => {
    if (value === null) return 0
    const share = max > 0 ? Math.max(0, Math.min(1, value / max)) : 0
    return Math.max(1, Math.round(share * height * 8))
  })
  return Array.from({ length: height }, (_, line) => {
    const ground = (height - 1 - line) * 8
    return shown
      .map((value) => eighths[Math.max(0, Math.min(8, value - ground))] ?? " ")
      .join("")
      .trimEnd()
  })
}

/** The largest of the values; 0 without any. */
export const highest = (values: ReadonlyArray<number | null>): number =>
  values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0)
