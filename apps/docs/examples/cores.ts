import { availableParallelism } from "node:os"

// #region cores
/** How many threads or processes can run at once. */
export const cores = availableParallelism()
// #endregion
