/** An error as one sentence for a person, without a stack. Free of Effect: workers say it too. */
const field = (error: object, name: string): string | undefined => {
  const value: unknown = Reflect.get(error, name)
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined
}

export const sentenceOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const code = field(error, "code")
  const port = field(error, "port") === undefined ? "the port" : `port ${field(error, "port")}`
  if (code === "EADDRINUSE") {
    return `${port} is in use (EADDRINUSE): stop what listens there, or choose another port`
  }
  if (code === "EACCES") return `${port} needs more rights (EACCES): choose one from 1024`
  if (code === "ENOTFOUND" || code === "EADDRNOTAVAIL") {
    const given = field(error, "hostname") ?? field(error, "address") ?? "the host"
    return `${given} is no address of this machine (${code}): try 127.0.0.1, or 0.0.0.0 for all of them`
  }
  // Some of Effect's errors say nothing themselves; their cause does.
  return error.message === "" && error.cause !== undefined ? sentenceOf(error.cause) : error.message
}
