/**
 * Which route a request goes to: each gets its share by weight, mixed as evenly as can be, in an
 * order that is always the same (smooth weighted round robin, as nginx does it).
 */
export const make = (weights: ReadonlyArray<number>): (() => number) => {
  if (weights.length === 1) return () => 0
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const credits = weights.map(() => 0)
  return () => {
    let best = 0
    for (let i = 0; i < credits.length; i += 1) {
      credits[i] = (credits[i] ?? 0) + (weights[i] ?? 0)
      if ((credits[i] ?? 0) > (credits[best] ?? 0)) best = i
    }
    credits[best] = (credits[best] ?? 0) - total
    return best
  }
}
