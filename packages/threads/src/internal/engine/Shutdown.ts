/** The end of a pool: it waits for the tasks, then for the threads, and for neither longer than told. */
import type { Fleet } from "./Fleet.ts"

export class Shutdown {
  private readonly fleet: Fleet
  /** ms for both together. */
  private readonly most: number
  private isHurried = false
  /** Goes on with the shutdown without waiting any more. */
  private goOn: (() => void) | undefined
  private onIdle: (() => void) | undefined
  private onEmpty: (() => void) | undefined

  constructor(fleet: Fleet, most: number) {
    this.fleet = fleet
    this.most = most
  }

  /** No task is without an outcome. */
  idle(): void {
    this.onIdle?.()
  }

  /** The last thread is gone. */
  empty(): void {
    this.onEmpty?.()
  }

  /** Wait no more: now, and whenever it runs. */
  hurry(): void {
    this.isHurried = true
    this.goOn?.()
  }

  /** @param loseWaiting what becomes of tasks that no thread has when the wait for tasks is over */
  async run(isIdle: boolean, loseWaiting: () => void): Promise<void> {
    const began = performance.now()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.most)
      this.onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
      this.goOn = this.onIdle
      if (isIdle || this.isHurried) this.onIdle()
    })
    loseWaiting()
    await new Promise<void>((resolve) => {
      const left = Math.max(0, this.most - (performance.now() - began))
      this.goOn = () => this.fleet.terminateAll()
      const timer = setTimeout(this.goOn, left)
      this.onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
      this.fleet.finish()
      if (this.isHurried) this.goOn()
    })
  }
}
