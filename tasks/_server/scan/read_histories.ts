/**
 * Reading whole histories of metrics: one request for each run and key, so only where a rule looks at them.
 *
 * @module
 */

import { isMeasured, type MetricSummary, type RunExtras } from "../../../lib/store/extras.ts";
import { atOnce } from "../../_io/take_turns.ts";
import { REQUESTS_AT_ONCE } from "../client/open_client.ts";
import { readAll, type ReadingClient } from "./read_pages.ts";
import { metricOf } from "./records.ts";

/**
 * Puts the least and the greatest values of metrics to what was read of runs.
 *
 * @param client The client.
 * @param collected What was read of runs.
 * @param keys Of which metrics.
 * @param signal Breaks it off.
 */
export async function readHistories(
  client: ReadingClient,
  { extras }: { readonly extras: Map<string, RunExtras> | null },
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (extras === null || keys.length === 0) return;
  const wanted = [...extras].flatMap(([run, { metrics }]) =>
    keys.filter((key) => metrics.has(key)).map((key) => ({ run, key }))
  );
  await atOnce(REQUESTS_AT_ONCE, wanted, async ({ run, key }) => {
    const points = await readAll(client, {
      name: "metrics/get-history",
      field: "metrics",
      parameters: { run_id: run, metric_key: key, max_results: 25_000 },
    }, { signal });
    const values = points.map((point) => metricOf(point).value).filter(isMeasured);
    const known = extras.get(run)!;
    const summary: MetricSummary = {
      latest: known.metrics.get(key)!.latest,
      least: leastOf(values),
      greatest: greatestOf(values),
    };
    extras.set(run, { ...known, metrics: new Map([...known.metrics, [key, summary]]) });
  });
}

function leastOf(values: readonly number[]): number | null {
  return values.reduce<number | null>((least, each) => Math.min(least ?? each, each), null);
}

function greatestOf(values: readonly number[]): number | null {
  return values.reduce<number | null>((most, each) => Math.max(most ?? each, each), null);
}
