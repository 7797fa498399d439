/**
 * What whoever started a thread owes to those who share memory with it.
 *
 * @since 0.1.0
 */
import { checkWhole, recoverAll } from "../internal/shared/Handle.ts"

/**
 * Tell that a thread has exited: what it held of all locks, semaphores, barriers and rings that this
 * thread has made, used or sent is given back or marked, and everybody who waits looks again. A pool
 * calls this by itself. With a `Worker` of your own, remember its `threadId`, which it forgets:
 *
 *     const { threadId } = worker
 *     worker.once("exit", () => threadExited(threadId))
 *
 * Calling it for a thread that lives breaks what that thread holds.
 *
 * @category recovery
 * @since 0.1.0
 */
export const threadExited = (threadId: number): void => {
  checkWhole("threadId", threadId, 0, 0x3f_ff_ff_ff)
  recoverAll(threadId)
}
