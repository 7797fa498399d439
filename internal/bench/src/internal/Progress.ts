/**
 * Progress on stderr: one line that rewrites itself on a terminal, plain lines elsewhere. Owns nothing
 * but that line; stdout belongs to the document.
 */

export interface Progress {
  /** Where the run is now. */
  readonly step: (text: string) => void
  /** A line that stays. */
  readonly note: (text: string) => void
  /** Takes the rewriting line away. */
  readonly end: () => void
}

const clear = "\r\u001B[2K"

export const make = (stream: {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly write: (text: string) => unknown
}): Progress =>
  stream.isTTY === true
    ? {
        // Some terminals say that they have 0 columns: they do not know.
        step: (text) => stream.write(clear + text.slice(0, (stream.columns || 80) - 1)),
        note: (text) => stream.write(`${clear}${text}\n`),
        end: () => stream.write(clear),
      }
    : {
        step: (text) => stream.write(`${text}\n`),
        note: (text) => stream.write(`${text}\n`),
        end: () => {},
      }
