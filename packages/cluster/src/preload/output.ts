/**
 * What the program says last arrives: pipes are written to at once. And what it says when nobody
 * listens any more does not end it before it has finished.
 */
const isGone = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "EIO")

const setBlocking = (stream: NodeJS.WriteStream): void => {
  const handle: unknown = Reflect.get(stream, "_handle")
  if (typeof handle !== "object" || handle === null || !("setBlocking" in handle)) return
  if (typeof handle.setBlocking === "function") handle.setBlocking(true)
}

export const install = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.isTTY) setBlocking(stream)
    const onError = (error: unknown) => {
      if (!isGone(error) && stream.listenerCount("error") === 1) throw error
    }
    stream.on("error", onError)
  }
}
