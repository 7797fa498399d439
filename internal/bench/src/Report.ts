/**
 * The document that a bench prints: rows out of samples, and the same as a table for people. Pure, but
 * for `environment`, which reads the machine.
 *
 * @since 0.1.0
 */
import { availableParallelism, cpus, release, totalmem } from "node:os"

import { Schema } from "effect"

import type { Measurement } from "./Case.ts"
import * as Statistics from "./Statistics.ts"

/** @category models */
export const Environment = Schema.Struct({
  /** The package whose bench it is. */
  bench: Schema.String,
  /** "v26.10.0" */
  node: Schema.String,
  /** CPU model as the system names it. */
  cpu: Schema.String,
  /** Cores that this process may use. */
  cores: Schema.Finite,
  /** "linux x64 6.1.0" */
  platform: Schema.String,
  /** Bytes of memory of the machine. */
  memory: Schema.Finite,
  /** ISO 8601, when the bench began. */
  date: Schema.String,
  /** Rounds per case. */
  rounds: Schema.Finite,
})
/** @category models */
export type Environment = typeof Environment.Type

/** @category models */
export const Row = Schema.Struct({
  workload: Schema.String,
  /** Ours is `manycore`, the floor is `raw`. */
  competitor: Schema.String,
  metric: Schema.String,
  unit: Schema.String,
  median: Schema.Finite,
  min: Schema.Finite,
  max: Schema.Finite,
  /** Median / median of `raw` at the same workload, metric and unit; null without raw or where it is 0. */
  ratioToRaw: Schema.NullOr(Schema.Finite),
})
/** @category models */
export type Row = typeof Row.Type

/**
 * What `--json` prints.
 *
 * @category models
 * @since 0.1.0
 */
export const Document = Schema.Struct({ environment: Environment, rows: Schema.Array(Row) })
/** @category models */
export type Document = typeof Document.Type

/** What one case yielded in one round. @category models */
export interface Sample {
  readonly workload: string
  readonly competitor: string
  readonly measurements: ReadonlyArray<Measurement>
}

/**
 * This machine, now.
 *
 * @since 0.1.0
 */
export const environment = (bench: string, rounds: number): Environment => ({
  bench,
  node: process.version,
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  platform: `${process.platform} ${process.arch} ${release()}`,
  memory: totalmem(),
  date: new Date().toISOString(),
  rounds,
})

const key = (...parts: ReadonlyArray<string>): string => JSON.stringify(parts)

/**
 * One row per workload, competitor and metric, in the order in which the pairs are given; metrics in the
 * order in which the case yields them.
 *
 * @since 0.1.0
 */
export const rows = (
  samples: ReadonlyArray<Sample>,
  order: ReadonlyArray<{ readonly workload: string; readonly competitor: string }>,
): ReadonlyArray<Row> => {
  const groups = new Map<string, Array<number>>()
  const metrics = new Map<string, Map<string, Measurement>>()
  for (const { competitor, measurements, workload } of samples) {
    const pair = key(workload, competitor)
    for (const measurement of measurements) {
      const metric = key(measurement.metric, measurement.unit)
      metrics.set(
        pair,
        (metrics.get(pair) ?? new Map<string, Measurement>()).set(metric, measurement),
      )
      const values = groups.get(pair + metric) ?? []
      values.push(measurement.value)
      groups.set(pair + metric, values)
    }
  }
  const valuesOf = (workload: string, competitor: string, metric: string) =>
    groups.get(key(workload, competitor) + metric)
  return order.flatMap(({ competitor, workload }) =>
    [...(metrics.get(key(workload, competitor)) ?? [])].map(([id, { metric, unit }]) => {
      const spread = Statistics.spread(valuesOf(workload, competitor, id) ?? [])
      const raw = valuesOf(workload, "raw", id)
      return {
        workload,
        competitor,
        metric,
        unit,
        median: spread.median,
        min: spread.min,
        max: spread.max,
        ratioToRaw: Statistics.ratio(
          spread.median,
          raw === undefined ? undefined : Statistics.median(raw),
        ),
      }
    }),
  )
}

/** Four significant digits, thousands grouped: 1,234,000 and 0.01235. */
const figure = (value: number): string =>
  new Intl.NumberFormat("en", { maximumSignificantDigits: 4 }).format(value)

/**
 * The document for people.
 *
 * @since 0.1.0
 */
export const table = (document: Document): string => {
  const { environment, rows } = document
  const gib = figure(environment.memory / 2 ** 30)
  const head = [
    `${environment.bench}, rounds: ${environment.rounds}, ${environment.date}`,
    `Node ${environment.node}, ${environment.cpu}, ${environment.cores} cores, ${gib} GiB, ${environment.platform}`,
  ]
  const titles = ["competitor", "metric", "unit", "median", "min", "max", "to raw"]
  const lines = rows.map((row) => [
    row.competitor,
    row.metric,
    row.unit,
    figure(row.median),
    figure(row.min),
    figure(row.max),
    row.ratioToRaw === null ? "-" : figure(row.ratioToRaw),
  ])
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  )
  const print = (cells: ReadonlyArray<string>): string =>
    cells
      .map((cell, column) =>
        column < 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd()
  const body: Array<string> = []
  for (const [index, row] of rows.entries()) {
    if (row.workload !== rows[index - 1]?.workload)
      body.push("", row.workload, `  ${print(titles)}`)
    body.push(`  ${print(lines[index] ?? [])}`)
  }
  return `${[...head, ...body].join("\n")}\n`
}
