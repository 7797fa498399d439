/**
 * Where a supervisor can work. On Windows a signal from another process ends a program without its
 * handlers: neither a supervisor nor its workers could be stopped gracefully.
 */
import { Unsupported } from "../SupervisorError.ts"

/** Why a supervisor cannot work there; undefined where it can. */
export const unsupported = (platform: NodeJS.Platform): Unsupported | undefined =>
  platform === "win32" ? new Unsupported({ platform }) : undefined
