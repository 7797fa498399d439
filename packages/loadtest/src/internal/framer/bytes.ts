/** Tables of what a byte may be at which place of an answer. */

export const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(text, (char) => char.charCodeAt(0))

const table = (allowed: (code: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, code) => (allowed(code) ? 1 : 0))

const visible = (code: number): boolean => code > 32 && code !== 127

/** In a header's name. */
export const isToken = table((code) =>
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".includes(
    String.fromCharCode(code),
  ),
)
/** In a header's value. */
export const isText = table((code) => code === 9 || code === 32 || visible(code))
/** Between the quotes of a chunk's extension. */
export const isQuoted = table((code) => isText[code] === 1 && code !== 34 && code !== 92)

/** The value of a hexadecimal digit, 16 for anything else. */
export const hexValue = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(value) ? 16 : value
})

/** Lower case for letters; nothing else that matters changes. */
export const lower = (code: number): number => (code >= 65 && code <= 90 ? code + 32 : code)

export const isDigit = (code: number): boolean => code >= 48 && code <= 57

export const tab = 9
export const lf = 10
export const cr = 13
export const space = 32
export const comma = 44
export const colon = 58
