// #region promise
import { run } from "@manycore/loadtest/promise"

export const measure = async (url: string): Promise<string> => {
  const { latency, requests } = await run({ url, requests: 100, connections: 4 })
  return `${requests.ok} of ${requests.sent} were answered, half of them within ${latency?.p50} ms`
}
// #endregion
