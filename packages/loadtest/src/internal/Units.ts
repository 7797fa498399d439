/** What people write for times, sizes and shares, as numbers. Pure; `undefined` for anything else. */

const times: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

const sizes: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** `10s`, `500ms`, `250us`, `1.5m`, `1h`; a bare number is seconds, as on most command lines. In ms. */
export const time = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)?$/.exec(text)
  return match === null ? undefined : Number(match[1]) * (times[match[2] ?? "s"] ?? 1000)
}

/** `0`, `512`, `10k`, `1m`, `1.5MB`, `2KiB`, in bytes; `k` is 1024. */
export const size = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)(?:([kmg])(?:i?b)?|b)?$/i.exec(text)
  return match === null
    ? undefined
    : Math.round(Number(match[1]) * (sizes[(match[2] ?? "").toLowerCase()] ?? 1))
}

/** `5%` or `0.05`, from 0 to 1. */
export const share = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)(%)?$/.exec(text)
  if (match === null) return undefined
  const value = Number(match[1]) / (match[2] === undefined ? 1 : 100)
  return value <= 1 ? value : undefined
}
