/**
 * How long a connection waits before its next attempt, in ms, after so many failures in a row: the
 * first is tried again at once, then 10, 20, 40 up to 250 ms.
 */
export const backoff = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(250, 10 * 2 ** Math.min(failures - 2, 10))
