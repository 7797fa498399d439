/** What a program that ended said of it. Pure. */

/** How programs begin the line with the reason; a stack and a version may follow. */
const reason = /^(?:Uncaught )?\w*Error(?: \[\w+\])?: /

/** `; the last it said: …`, or nothing for a program that said nothing. */
export const of = (output: string): string => {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
  const said = lines.findLast((line) => reason.test(line)) ?? lines.at(-1)
  return said === undefined ? "" : `; the last it said: ${said}`
}
