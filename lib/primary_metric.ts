/**
 * The metric by which the runs of an experiment are compared.
 *
 * @module
 */

/** The metric by which runs are compared, and which way is better. */
export interface PrimaryMetric {
  /** The metric's key. */
  readonly name: string;
  /** `max`: more is better; `min`: less is better. */
  readonly mode: "max" | "min";
}

/** What a configuration says of it; everything may be left out. */
export interface PrimaryMetricConfig {
  /** The metric's key, or its key and which way is better. @default {{ name: "f1", mode: "max" }} */
  readonly primaryMetric?: string | Partial<PrimaryMetric> | null;
}

/**
 * Reads the primary metric from a configuration. What is missing gets its default, so that a program
 * never fails for want of a setting.
 *
 * @param config A configuration, such as what `mltidy.yaml` holds; `null` when there is none.
 * @returns The metric; `{ name: "f1", mode: "max" }` by default.
 * @throws {RangeError} When it is there but makes no sense.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { primaryMetric } from "mltidy";
 *
 * assertEquals(primaryMetric(), { name: "f1", mode: "max" });
 * assertEquals(primaryMetric({ primaryMetric: { name: "loss", mode: "min" } }), {
 *   name: "loss",
 *   mode: "min",
 * });
 * ```
 */
export function primaryMetric(config?: PrimaryMetricConfig | null): PrimaryMetric {
  const given = config?.primaryMetric ?? {};
  const { name = "f1", mode = "max" } = typeof given === "string" ? { name: given } : given;
  if (typeof name !== "string" || name === "") {
    throw new RangeError(
      `Cannot use primary metric: expected a metric's key as name, found ${JSON.stringify(name)}`,
    );
  }
  if (mode !== "max" && mode !== "min") {
    throw new RangeError(
      `Cannot use primary metric ${name}: expected max or min as mode, found ${
        JSON.stringify(mode)
      }`,
    );
  }
  return { name, mode };
}

/**
 * Finds the best run by the primary metric. A run without it, or with NaN, is never the best.
 *
 * @param runs The runs, each with the latest value of the metric; `null` for a run that has none.
 * @param metric The primary metric.
 * @returns The best run, the first of equals; `null` when no run has the metric.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bestRun } from "mltidy";
 *
 * const runs = [{ name: "a", value: null }, { name: "b", value: 0.5 }, { name: "c", value: 0.9 }];
 * assertEquals(bestRun(runs, { name: "f1", mode: "max" }), { name: "c", value: 0.9 });
 * ```
 */
export function bestRun<R extends { readonly value: number | null }>(
  runs: readonly R[],
  metric: PrimaryMetric,
): R | null {
  const sign = metric.mode === "max" ? 1 : -1;
  const scoreOf = ({ value }: R) => value === null || Number.isNaN(value) ? null : sign * value;
  return runs.reduce<R | null>((best, run) => {
    const score = scoreOf(run);
    const highest = best === null ? null : scoreOf(best);
    return score !== null && (highest === null || score > highest) ? run : best;
  }, null);
}

/**
 * Reads the latest value of a metric from its file, as MLflow does: that of the greatest step, then
 * time, then value. Lines that MLflow could not read are passed over.
 *
 * @param text The text of `metrics/<key>`.
 * @returns The value; `null` when there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { latestValue } from "mltidy";
 *
 * assertEquals(latestValue("17 0.5 0\n18 0.7 1\n19 0.6 0\n"), 0.7);
 * ```
 */
export function latestValue(text: string): number | null {
  let latest: readonly [step: number, timestamp: number, value: number] | null = null;
  for (const line of text.split("\n")) {
    const columns = line.trim().split(" ");
    const value = pythonNumber(columns[1] ?? "");
    if (![2, 3, 5].includes(columns.length) || value === null) continue;
    // With a dataset's two columns MLflow's file store takes the step for 0 (3.0 to 3.17).
    const step = columns.length === 3 ? Number(columns[2]) : 0;
    const point = [step, Number(columns[0]), value] as const;
    if (Number.isNaN(point[0]) || Number.isNaN(point[1])) continue;
    if (latest === null || isLater(point, latest)) latest = point;
  }
  return latest?.[2] ?? null;
}

function isLater(left: readonly number[], right: readonly number[]): boolean {
  const index = left.findIndex((value, at) => value !== right[at]);
  return (left[index] ?? 0) > (right[index] ?? 0);
}

function pythonNumber(text: string): number | null {
  if (/^[-+]?nan$/i.test(text)) return NaN;
  if (/^[-+]?inf(?:inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return /^[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text)
    ? Number(text.replaceAll("_", ""))
    : null;
}
