/**
 * How many workers: what a person says, as a number. Arithmetic only.
 *
 * @since 0.1.0
 */

/**
 * - a whole number from 1: so many;
 * - `"max"` or 0: one for each core that this process may use;
 * - a negative whole number: so many fewer than cores, at least one;
 * - between 0 and 1: that share of the cores, rounded, at least one; `"50%"` says the same.
 *
 * @category models
 * @since 0.1.0
 */
export type Sizing = number | "max" | `${number}%`

/**
 * What `resolve` accepts, for messages.
 *
 * @category sizing
 * @since 0.1.0
 */
export const expected =
  'a whole number, "max" or 0 for one per core, -1 for one less, or a fraction such as 0.5 or "50%"'

/**
 * How many workers `sizing` means; undefined when it means nothing.
 *
 * @param cores `os.availableParallelism()`, which counts the limits of containers too
 * @category sizing
 * @since 0.1.0
 */
export const resolve = (sizing: Sizing, cores: number): number | undefined => {
  if (sizing === "max") return cores
  if (typeof sizing === "string") {
    const share = /^(\d+(?:\.\d+)?)%$/.exec(sizing)?.[1]
    return share === undefined || Number(share) === 0
      ? undefined
      : Math.max(1, Math.round((cores * Number(share)) / 100))
  }
  if (sizing === 0) return cores
  if (sizing > 0 && sizing < 1) return Math.max(1, Math.round(cores * sizing))
  if (!Number.isInteger(sizing)) return undefined
  return sizing > 0 ? sizing : Math.max(1, cores + sizing)
}
