/** The specs that are run or gone back to, by number. Later ones replace earlier ones. */
import type * as Fleet from "../fleet/Fleet.ts"
import type { Spec } from "../Spec.ts"

export class Generations {
  private readonly specs = new Map<number, Spec>()
  private next = 0

  add(spec: Spec): number {
    this.specs.set(this.next, spec)
    return this.next++
  }

  readonly of = (generation: number): Spec => {
    const spec = this.specs.get(generation)
    if (spec === undefined) throw new Error(`there is no generation ${generation}`)
    return spec
  }

  /** Forget those up to `last` that nobody runs or goes back to any more; later ones are still asked. */
  forget(last: number, { generations, processes, slots }: Fleet.State): void {
    const used = new Set([
      ...generations,
      ...slots.map(({ generation }) => generation),
      ...processes.map(({ generation }) => generation),
    ])
    for (const generation of this.specs.keys()) {
      if (generation <= last && !used.has(generation)) this.specs.delete(generation)
    }
  }
}
