import { Failure, serve } from "@manycore/ipc/bare"

import { isPrime } from "./isPrime.ts"
import type { Primes } from "./Primes.ts"

// #region bare
serve<typeof Primes>({
  IsPrime: ({ n }) => {
    if (n > 1e12) throw new Failure({ _tag: "TooLarge", n })
    return isPrime(n)
  },
})
// #endregion
