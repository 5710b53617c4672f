/**
 * How old the runs of a store are, as a histogram.
 *
 * @module
 */

import { holdersOf } from "../store/holders.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { days } from "../text/units.ts";
import type { Bar } from "./view.ts";

/** Up to which age each bar reaches, in days, and what it is called. */
const BARS: readonly (readonly [until: number, label: string])[] = [
  [1, "less than a day"],
  [7, "1–7 days"],
  [14, "1–2 weeks"],
  [30, "2–4 weeks"],
  [90, "1–3 months"],
  [180, "3–6 months"],
  [365, "6–12 months"],
  [730, "1–2 years"],
  [Infinity, "2 years and more"],
];

/**
 * Counts the runs of a store by age: since their end, or their start where they have none.
 *
 * @param snapshot The store.
 * @param now Epoch ms; what is dated later counts as new.
 * @returns The bars, the youngest first, all of them.
 */
export function ageBars(snapshot: StoreSnapshot, now: number): readonly Bar[] {
  const counts = BARS.map(() => ({ active: 0, deleted: 0 }));
  for (const holder of holdersOf(snapshot)) {
    for (const { startTime, endTime, lifecycleStage } of holder.runs) {
      const age = now - (endTime ?? startTime);
      const bar = counts[BARS.findIndex(([until]) => age < days(until))] ?? counts.at(-1)!;
      const isDeleted = lifecycleStage === "deleted" || holder.lifecycleStage === "deleted";
      bar[isDeleted ? "deleted" : "active"]++;
    }
  }
  return BARS.map(([until, label], index) => ({
    label,
    from: index === 0 ? 0 : days(BARS[index - 1]![0]),
    to: until === Infinity ? null : days(until),
    ...counts[index]!,
  }));
}
