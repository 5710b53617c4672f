import type { Config } from "../../../lib/policy/config_rows.ts";
import type { PrimaryMetric } from "../../../lib/policy/primary_metric.ts";

/**
 * Chooses the metric by which to compare runs: that of the flag, else that of the configuration. Without
 * either there is none, so that only metadata need be read.
 *
 * @param flag What `--metric` says; `null` when it was not given.
 * @param config The configuration; `null` when there is none.
 * @returns The metric; `null` for none. Where the flag does not say which way is better, more is, unless
 *   the configuration says otherwise of the same metric.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(chooseMetric({ name: "auc", mode: null }, null), { name: "auc", mode: "max" });
 * assertEquals(chooseMetric(null, null), null);
 * ```
 */
export function chooseMetric(
  flag: { readonly name: string; readonly mode: "max" | "min" | null } | null,
  config: Pick<Config, "primaryMetric"> | null,
): PrimaryMetric | null {
  const configured = config?.primaryMetric ?? null;
  if (flag === null) return configured;
  const { name, mode } = flag;
  return { name, mode: mode ?? (configured?.name === name ? configured.mode : "max") };
}
