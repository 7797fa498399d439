/** Numbers as people read them. Pure. */

const wholeFormat = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })
const preciseFormat = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 })

/** `12,345` */
export const whole = (n: number): string => wholeFormat.format(n)

/** Three digits at least: `12,345`, `45.2`, `0.317`. */
export const precise = (n: number): string => (n >= 100 ? wholeFormat : preciseFormat).format(n)

/** `1 request`, `1,000 requests` */
export const plural = (n: number, word: string): string =>
  `${whole(n)} ${word}${n === 1 ? "" : "s"}`
