import { serve } from "@manycore/threads/bare"

import type { along, Bills } from "./context.ts"

// #region bare
serve<typeof Bills, typeof along>({
  Bill: ({ amount }, { carried }) => `${carried.tenant ?? "nobody"} pays ${amount}`,
})
// #endregion
