/**
 * The order of cases. Pure. Whoever runs first meets a cool machine, so the first place goes round.
 *
 * @since 0.1.0
 */

/**
 * `items` with the first `by` moved to the end. Over as many rounds as there are items, each item takes
 * each place once.
 *
 * @since 0.1.0
 */
export const rotate = <A>(items: ReadonlyArray<A>, by: number): ReadonlyArray<A> => {
  const start = items.length === 0 ? 0 : by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

/**
 * Every round in order: the workloads as declared, the competitors of each rotated by the round.
 *
 * @param rounds >= 1
 * @since 0.1.0
 */
export const plan = <W, C>(
  workloads: ReadonlyArray<{ readonly workload: W; readonly competitors: ReadonlyArray<C> }>,
  rounds: number,
): ReadonlyArray<{ readonly round: number; readonly workload: W; readonly competitor: C }> =>
  Array.from({ length: rounds }, (_, round) =>
    workloads.flatMap(({ competitors, workload }) =>
      rotate(competitors, round).map((competitor) => ({ round, workload, competitor })),
    ),
  ).flat()
