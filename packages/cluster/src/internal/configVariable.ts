/** Holds the Config of a worker, and is taken away by its preload: a fork of the worker has none. */
export const configVariable = "MANYCORE_CLUSTER"
