// #region start
import { start } from "@manycore/cluster/promise"

export const supervisor = await start({
  program: new URL("./server.mjs", import.meta.url),
  workers: 2,
  env: { VERSION: "1" },
})
console.log(`serving on port ${await supervisor.port()}`)
// #endregion start

// #region events
export const listening = (async () => {
  for await (const event of supervisor.events()) {
    if (event._tag === "WorkerGaveUp") console.error(`worker ${event.id}: ${event.detail}`)
  }
})()
// #endregion events

export const hello = async (): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${await supervisor.port()}`, {
    headers: { connection: "close" },
  })
  return response.text()
}

// #region reload
export const upgrade = () => supervisor.reload({ env: { VERSION: "2" } })
// #endregion reload

// #region broken
export const tryBroken = async (): Promise<string> => {
  try {
    await supervisor.reload({ env: { VERSION: "broken" } })
    return "this does not happen"
  } catch (error) {
    return String(error)
  }
}
// #endregion broken
