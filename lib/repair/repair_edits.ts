/**
 * Repairing records that can be read: stages, names, stale runs, missing keys.
 *
 * @module
 */

import type { Kept } from "../plan/plan.ts";
import type { EditMeta, RepairReason } from "../plan/repair_action.ts";
import { linkedIn, nameInstead, namesakeToRename } from "../store/holders.ts";
import { byPath } from "../store/path.ts";
import { codeOf } from "../store/run_status.ts";
import type { Experiment, NonEmpty } from "../store/snapshot.ts";
import { NO_USAGE } from "../store/usage.ts";
import { quoteText } from "../text/quote_text.ts";
import { completeRecords, quoteValues } from "./complete_records.ts";
import { type Edit, keptEntry, type RepairContext, type Repairs } from "./context.ts";
import { findStaleRuns } from "./find_stale_runs.ts";
import { relocateRecords } from "./repair_locations.ts";

/**
 * Plans the repair of records that can be read: at most one action for each.
 *
 * @param context The store and what is known of it.
 * @param written Paths of what is written anew as it ought to be.
 * @returns Stale runs first, since whatever else changes in one looks like a sign of life.
 */
export function repairEdits(context: RepairContext, written: ReadonlySet<string>): Repairs {
  const { snapshot, evidence } = context;
  const isLinked = linkedIn(snapshot);
  const names = releaseNames(snapshot.experiments);
  const edits = [
    ...finishStaleRuns(context),
    ...setStages(context),
    ...names.edits,
    ...completeRecords(context),
    ...quoteValues(context),
    ...relocateRecords(context),
  ].filter(({ path }) => !isLinked(path) && !written.has(path));
  const actions = [...Map.groupBy(edits, ({ path }) => path)].flatMap(
    ([path, [first, ...more]]): readonly EditMeta[] => {
      const stamp = evidence.stamps.get(path);
      if (first === undefined || stamp === undefined) return [];
      const { kind, name, reasons: [reason, ...others] } = first;
      const changes: EditMeta["changes"] = Object.assign(
        {},
        // What else sets a value does so on purpose.
        ...[first, ...more].filter((each) => each.kind === "quote-value")
          .map((each) => each.changes),
        ...[...more, first].filter((each) => each.kind !== "quote-value")
          .map((each) => each.changes),
      );
      const reasons: NonEmpty<RepairReason> = [
        reason,
        ...others,
        ...more.flatMap((each) => each.reasons),
      ];
      return [{ kind, path, name, changes, reasons, usage: NO_USAGE, stamp }];
    },
  );
  return { actions, kept: names.kept };
}

/**
 * Ends stale runs.
 *
 * @param context The store and what is known of it.
 * @returns What is to be set in each.
 */
export function finishStaleRuns(
  { snapshot, evidence, policy, now }: RepairContext,
): readonly Edit[] {
  const { staleAfter, finishAs } = policy;
  return findStaleRuns(snapshot, evidence, { staleAfter, now })
    .toSorted((left, right) => byPath(left.run, right.run))
    .map(({ run, lastSign }) => ({
      kind: "finish-stale-run",
      path: run.path,
      name: run.name,
      changes: { end_time: lastSign, status: codeOf(finishAs) },
      reasons: [{
        kind: "silent",
        status: run.status,
        time: lastSign,
        age: now - lastSign,
        limit: staleAfter,
      }],
    }));
}

function setStages({ snapshot, now }: RepairContext): readonly Edit[] {
  return snapshot.experiments.toSorted(byPath)
    .filter(({ lifecycleStage, recordedStage }) => lifecycleStage !== recordedStage)
    .map(({ path, name, lifecycleStage, recordedStage }) => ({
      kind: "set-stage",
      path,
      name,
      // In a deleted experiment the time of the last update is that of its deletion, which nobody
      // recorded: from now on it counts.
      changes: {
        lifecycle_stage: lifecycleStage,
        ...(lifecycleStage === "deleted" ? { last_update_time: now } : {}),
      },
      reasons: [{
        kind: "broken",
        message: `it records the stage ${JSON.stringify(recordedStage)}`,
      }, {
        kind: "evidence",
        of: "lifecycle_stage",
        value: lifecycleStage,
        from: "its place",
      }],
    }));
}

function releaseNames(
  experiments: readonly Experiment[],
): { readonly edits: readonly Edit[]; readonly kept: readonly Kept[] } {
  const edits: Edit[] = [];
  const kept: Kept[] = [];
  const taken = new Set(experiments.map(({ name }) => name));
  for (const [name, holders] of Map.groupBy(experiments.toSorted(byPath), (each) => each.name)) {
    const active = holders.filter(({ lifecycleStage }) => lifecycleStage === "active");
    const [first, ...twins] = active;
    const twin = twins.length === 0 ? undefined : namesakeToRename(active);
    if (first !== undefined && twin !== undefined) {
      kept.push(keptEntry(first.path, name, {
        kind: "needs-choice",
        message: `${twins.map(({ path }) => path).join(", ")} is active under the same name`,
        choices: ["delete all but one in MLflow", "rename all but the one that MLflow takes"],
        by: "renaming",
        from: twin.id,
        to: nameInstead(twin),
      }));
    }
    for (const { id, path, lifecycleStage } of holders) {
      const released = `${name} (deleted ${id})`;
      if (first === undefined || lifecycleStage !== "deleted" || first.id === id) continue;
      const message = `experiment ${first.id} is active under the same name`;
      if (taken.has(released)) {
        kept.push(keptEntry(path, name, {
          kind: "needs-choice",
          message: `${message}, and another one is called ${quoteText(released)}`,
          choices: [
            `rename experiment ${first.id} in MLflow`,
            "rename the other one in MLflow, then repair again",
          ],
          by: "repair",
        }));
        continue;
      }
      edits.push({
        kind: "release-name",
        path,
        name,
        changes: { name: released },
        reasons: [{ kind: "broken", message }],
      });
    }
  }
  return { edits, kept };
}
