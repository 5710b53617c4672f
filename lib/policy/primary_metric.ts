/**
 * The metric by which the runs of an experiment are compared.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import { isMeasured } from "../store/extras.ts";

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
 * @throws {InvalidArgumentError} When it is there but makes no sense.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { primaryMetric } from "mltidy/policy";
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
    throw new InvalidArgumentError(
      `Cannot use primary metric: expected a metric's key as name, found ${JSON.stringify(name)}`,
    );
  }
  if (mode !== "max" && mode !== "min") {
    throw new InvalidArgumentError(
      `Cannot use primary metric ${name}: expected max or min as mode, found ${
        JSON.stringify(mode)
      }`,
    );
  }
  return { name, mode };
}

/**
 * Finds the best run by the primary metric. A run without a finite value of it is never the best.
 *
 * @param runs The runs, each with the latest value of the metric; `null` for a run that has none.
 * @param metric The primary metric.
 * @returns The best run, the first of equals; `null` when no run has the metric.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bestRun } from "mltidy/policy";
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
  const scoreOf = ({ value }: R) => value === null || !isMeasured(value) ? null : sign * value;
  return runs.reduce<R | null>((best, run) => {
    const score = scoreOf(run);
    const highest = best === null ? null : scoreOf(best);
    return score !== null && (highest === null || score > highest) ? run : best;
  }, null);
}
