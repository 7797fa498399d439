/** Names that compilers and test runners write into functions; the thread has them too. */
export const helpers: ReadonlyArray<string> = [
  // esbuild and tsx: keeps the name of a function.
  "__name",
  // vitest: `import(…)`.
  "__vite_ssr_dynamic_import__",
]
