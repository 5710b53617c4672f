/**
 * Moves into another experiment in words.
 *
 * @module
 */

import type { MovePlan, MoveReason, Plan } from "../plan/plan.ts";
import { experimentPathOf } from "../store/path.ts";
import { plural } from "../text/units.ts";

/**
 * Says what moves where, and what goes with it.
 *
 * @param plan The plan.
 * @returns Lines; none for another plan.
 */
export function moveLines(plan: Plan): readonly string[] {
  if (plan.task !== "move") return [];
  const { actions, kept, target } = plan;
  const stay = kept.length === 1 ? "1 run stays where it is" : `${plural(kept.length, "run")} stay`;
  const kepts = kept.length === 0 ? [] : [`${stay}; why is said below.`];
  if (actions.length === 0 && kept.length === 0) {
    return [`All runs that are asked for are in ${target.name} (${target.id}) already.`];
  }
  if (actions.length === 0) return kepts;
  const left = [...Map.groupBy(actions, ({ path }) => experimentPathOf(path)).keys()]
    .map((path) => `${plan.experiments[path] ?? "experiment"} (${path})`);
  const more = partsText(plan);
  const staying = actions.filter(({ reasons }) =>
    reasons.some(({ kind }) => kind === "artifacts-stay")
  );
  return [
    `This plan moves ${plural(actions.length, "run")} of ${
      left.join(", ")
    } into ${target.name} (${target.id})${more}.`,
    ...kepts,
    ...(staying.length === 0 ? [] : [
      `The artifacts of ${
        plural(staying.length, "run")
      } stay below the place of the former experiment: whatever removes that place takes them.`,
    ]),
  ];
}

function partsText({ actions }: MovePlan): string {
  const placed = actions.flatMap(({ trees }) => trees.map(({ from }) => from.split("/")[1]));
  const versions = actions.flatMap(({ records }) =>
    records.filter(({ changes }) => "source" in changes || "storage_location" in changes)
  );
  const datasets = new Set(actions.flatMap((action) => action.datasets.map(({ path }) => path)));
  const counts: readonly (readonly [count: number, noun: string])[] = [
    [placed.filter((folder) => folder === "models").length, "logged model"],
    [placed.filter((folder) => folder === "traces").length, "trace"],
    [datasets.size, "copied dataset"],
  ];
  const listed = counts.flatMap(([count, noun]) => count === 0 ? [] : [plural(count, noun)]);
  const renamed = versions.length === 0
    ? ""
    : `; ${plural(versions.length, "registered version")} will name the new place`;
  return `${listed.length === 0 ? "" : `, with ${listed.join(", ")}`}${renamed}`;
}

/**
 * Says why a run is moved, or what is unusual about that.
 *
 * @param reason The reason.
 * @returns A clause about the run.
 */
export function moveReasonText(reason: MoveReason): string {
  switch (reason.kind) {
    case "wanted-in":
      return `wanted in ${reason.name}`;
    case "parent-moves":
      return `nested in run ${reason.parent}, which moves`;
    case "artifacts-stay":
      return `its artifacts stay at ${reason.uri}`;
  }
}
