/**
 * Disk → evidence: of the runs that are to move, what MLflow looks for in their experiment.
 *
 * @module
 */

import { join } from "@std/path";
import { chooseRuns, type MovingRun } from "../../lib/move/choose_runs.ts";
import type { MoveEvidence, MovePolicy, TraceRecord } from "../../lib/plan/plan.ts";
import { namesAlong } from "../../lib/snapshot/find_references.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { infoOf, readText } from "../_io/read.ts";
import { datasetsOf, placeOf, readTrace, tailFrom } from "./read_places.ts";

/**
 * Reads what moving must know of the runs that are asked for. Needs read permission for the store.
 *
 * @param snapshot The store.
 * @param policy What is asked for.
 * @returns The evidence.
 * @throws {InvalidArgumentError} When no experiment is meant, or several, or a part of the selection fits nothing.
 */
export async function readMoveEvidence(
  snapshot: StoreSnapshot,
  policy: MovePolicy,
): Promise<MoveEvidence> {
  const { location: root, registeredModels } = snapshot;
  const { target, moving } = chooseRuns(snapshot, policy);
  const places = new Map<string, string>();
  const inputs = new Map<string, readonly string[]>();
  const datasets = new Map<string, string>();
  const traces = new Map<string, TraceRecord>();
  const wanted: string[] = ["models", "traces", "datasets"].map((name) => `${target.path}/${name}`);
  const locate = async (uri: string, own: string | null) => {
    const place = places.has(uri) ? null : await placeOf(root, uri, own);
    if (place !== null) places.set(uri, place);
  };
  for (const one of moving) {
    const { run, models } = one;
    const [from = ""] = run.path.split("/");
    await locate(run.artifactUri, `${run.path}/artifacts`);
    for (const { path, artifactLocation } of models) {
      await locate(artifactLocation, `${path}/artifacts`);
    }
    for (const trace of one.traces) {
      const path = `${from}/traces/${trace}`;
      const record = readTrace(root, path);
      traces.set(path, record);
      if (record.location !== null) await locate(record.location, `${path}/artifacts`);
    }
    const names = await datasetsOf(root, run.path);
    inputs.set(run.path, names);
    for (const name of names) {
      const record = readText(join(root, from, "datasets", name, "meta.yaml"));
      if (record.kind === "text") datasets.set(`${from}/datasets/${name}`, record.text);
      wanted.push(`${target.path}/datasets/${name}`);
    }
    wanted.push(...placesOf(one).map((path) => `${target.path}/${path}`));
  }
  const ids = new Set<string>(
    moving.flatMap(({ run, models }) => [run, ...models].map(({ id }) => id)),
  );
  for (const { source, storageLocation } of registeredModels.flatMap(({ versions }) => versions)) {
    for (const uri of [source, storageLocation]) {
      if (uri === null) continue;
      const own = namesAlong(uri).findLast((name) => ids.has(name));
      if (own !== undefined) await locate(uri, tailFrom(uri, own));
    }
  }
  const there = new Set(wanted.filter((path) => infoOf(join(root, path)) !== null));
  return { places, inputs, datasets, traces, there };
}

/** Below the experiment. */
function placesOf({ run, models, traces }: MovingRun): readonly string[] {
  return [
    run.id,
    ...models.map(({ id }) => `models/${id}`),
    ...traces.map((name) => `traces/${name}`),
  ];
}
