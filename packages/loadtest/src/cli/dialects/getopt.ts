/** Reads command lines as `getopt` does: clustered letters, attached values, long names. Pure. */
import * as Result from "effect/Result"

/** Letters and long names, without dashes. The value names what is awaited, `""` for a switch. */
export type Spec = Readonly<Record<string, string>>

export interface Parsed {
  /** In their order, by name; a switch has the value `""`. */
  readonly options: ReadonlyArray<readonly [name: string, value: string]>
  readonly operands: ReadonlyArray<string>
}

const dashed = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`)

export const parse = (
  program: string,
  spec: Spec,
  args: ReadonlyArray<string>,
): Result.Result<Parsed, string> => {
  const options: Array<readonly [string, string]> = []
  const operands: Array<string> = []
  const rest = [...args]
  const take = (name: string, attached: string | undefined): string | undefined => {
    const takes = Object.hasOwn(spec, name) ? spec[name] : undefined
    if (takes === undefined) return `${dashed(name)} is not a flag of ${program}`
    if (takes === "") {
      options.push([name, ""])
      return undefined
    }
    const value = attached ?? rest.shift()
    if (value === undefined) return `${dashed(name)} needs a value: ${takes}`
    options.push([name, value])
    return undefined
  }
  const letters = (text: string): string | undefined => {
    for (let i = 0; i < text.length; i += 1) {
      const letter = text[i] ?? ""
      const attached = text.slice(i + 1)
      const valued = Object.hasOwn(spec, letter) && spec[letter] !== ""
      const problem = take(letter, valued && attached !== "" ? attached : undefined)
      if (problem !== undefined) return problem
      if (valued) return undefined
    }
    return undefined
  }
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--") {
      operands.push(...rest)
      break
    }
    let problem: string | undefined
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=")
      problem =
        equals === -1
          ? take(arg.slice(2), undefined)
          : take(arg.slice(2, equals), arg.slice(equals + 1))
    } else if (arg.startsWith("-") && arg !== "-") {
      problem = letters(arg.slice(1))
    } else {
      operands.push(arg)
    }
    if (problem !== undefined) return Result.fail(problem)
  }
  return Result.succeed({ options, operands })
}

/** The last value of an option, as a later one overrides an earlier. */
export const last = ({ options }: Parsed, ...names: ReadonlyArray<string>): string | undefined =>
  options.findLast(([name]) => names.includes(name))?.[1]

export const all = ({ options }: Parsed, name: string): ReadonlyArray<string> =>
  options.flatMap(([given, value]) => (given === name ? [value] : []))
