/**
 * How old the runs of a store are, as a histogram.
 *
 * @module
 */

import { AGES, countByAge } from "../answers/report_store.ts";
import { holdersOf } from "../store/holders.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { ageText } from "../words/age.ts";
import type { Bar } from "./view.ts";

/**
 * Counts the runs of a store by age. A run of a deleted experiment is deleted.
 *
 * @param snapshot The store.
 * @param now Epoch ms; what is dated later counts as new.
 * @returns The bars, the youngest first, all of them.
 */
export function ageBars(snapshot: StoreSnapshot, now: number): readonly Bar[] {
  const countOf = (isDeleted: boolean) =>
    countByAge(
      holdersOf(snapshot).flatMap((holder) =>
        holder.runs.filter((run) =>
          [holder, run].some(({ lifecycleStage }) => lifecycleStage === "deleted") === isDeleted
        )
      ),
      now,
    );
  const [active, deleted] = [countOf(false), countOf(true)];
  return AGES.map((age, index) => ({
    label: ageText(age),
    active: active[index]!,
    deleted: deleted[index]!,
  }));
}
