/** Which Node the command runs on. Pure, and without imports: it is asked before anything is loaded. */

/** What is wrong with a version of Node, such as `22.19.0`; `undefined` when it is new enough. */
export const problem = (version: string): string | undefined => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > 22 || (major === 22 && minor >= 19)
    ? undefined
    : `this is Node ${version}, which is too old: install Node 22.19, 24.11, 26 or newer`
}
