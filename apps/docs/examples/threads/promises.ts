import { createPool } from "@manycore/threads/promise"

// #region promises
export const withPromises = async () => {
  const pool = createPool({ filename: new URL("./module.ts", import.meta.url), size: 2 })
  try {
    const signal = AbortSignal.timeout(5000)
    const length: number = await pool.run("four")
    const loud: string = await pool.run("four", { name: "shout", signal })
    return [length, loud]
  } finally {
    await pool.close()
  }
}
// #endregion
