/**
 * What the buckets tell in which a database has artifacts: what these take, and what of them no row names.
 *
 * Where a bucket cannot be looked at, the snapshot says why, and nothing is told of what lies there.
 *
 * @module
 */

import { StoreAccessError } from "../../../lib/errors.ts";
import { addOrphans } from "../../../lib/snapshot/add_orphans.ts";
import { experimentDirectoryOf, runDirectoryOf } from "../../../lib/snapshot/artifact_root.ts";
import type { BucketRoot } from "../../../lib/store/artifact_uri.ts";
import type { Depth, Experiment, Orphan, Run, StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { addUsage, type DiskUsage, NO_USAGE } from "../../../lib/store/usage.ts";
import { askWhatIsKept } from "../../_artifacts/s3/bucket.ts";
import { BucketError } from "../../_artifacts/s3/bucket_error.ts";
import { type BucketClient, openBucket } from "../../_artifacts/s3/client.ts";
import type { Environment } from "../../_io/process.ts";
import { bucketLister, listAhead, measurePlaces } from "../../_artifacts/s3/look_at_trees.ts";
import type { MeasuredTree } from "../../_artifacts/s3/objects.ts";
import { findOrphans, type NamingRows } from "../scan/find_orphans.ts";
import { isForeign, modelDirectoryOf, partsOf } from "../scan/measure_artifacts.ts";

/** What to look for. */
export interface LookOptions {
  /** Whether to measure everything; otherwise what a clean-up could take away. */
  readonly sizes: boolean;
  readonly environment: Environment;
  /** What rows name, of those that may have artifacts below a root; `null`: no orphan is looked for. */
  readonly rowsFor: ((root: string) => NamingRows | Promise<NamingRows>) | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at the buckets in which a database has its artifacts. Needs net permission for their hosts.
 *
 * @param snapshot The store.
 * @param roots Where: `s3://BUCKET/KEY` of each.
 * @param options What to look for.
 * @returns The store with what was found.
 * @throws {StoreAccessError} When all is to be measured, and one of them cannot be looked at.
 */
export async function lookAtBuckets<D extends Depth>(
  snapshot: StoreSnapshot<D>,
  roots: readonly string[],
  options: LookOptions,
): Promise<StoreSnapshot<D>> {
  const buckets: BucketRoot[] = [];
  const orphans: Orphan[] = [];
  let { experiments } = snapshot;
  for (const root of roots) {
    try {
      const client = openBucket(root, options.environment);
      const measured = await measureBelow(client, root, { ...snapshot, experiments }, options);
      const found = await orphansBelow(client, root, snapshot, options);
      const keeps = await askWhatIsKept(client);
      experiments = measured;
      orphans.push(...found);
      buckets.push({ root, problem: null, keeps });
    } catch (error) {
      if (!(error instanceof BucketError)) throw error;
      const { message } = error;
      if (options.sizes) {
        throw new StoreAccessError(
          `Cannot measure the artifacts in ${root}: ${message}; leave out sizes and budgets`,
          snapshot.location,
          { cause: error },
        );
      }
      buckets.push({ root, problem: message, keeps: "unknown" });
    }
  }
  const backend = { ...snapshot.backend!, buckets };
  return addOrphans({ ...snapshot, backend, experiments }, orphans);
}

async function measureBelow(
  client: BucketClient,
  root: string,
  { experiments }: StoreSnapshot,
  { sizes, signal }: LookOptions,
): Promise<readonly Experiment[]> {
  const isGoing = ({ lifecycleStage }: Experiment) => sizes || lifecycleStage === "deleted";
  const wanted = new Set<string>();
  for (const experiment of experiments) {
    const whole = isGoing(experiment) ? experimentDirectoryOf(root, experiment) : null;
    if (whole !== null) wanted.add(whole);
    for (const place of placesIn(root, experiment, sizes)) {
      if (whole === null || !place.startsWith(`${whole}/`)) wanted.add(place);
    }
  }
  const measured = await measurePlaces(client, [...wanted], signal);
  return experiments.map((experiment) => {
    const all = isGoing(experiment);
    const runs = experiment.runs.map((run) => {
      const place = isWanted(run, experiment, sizes) ? runDirectoryOf(root, run) : null;
      return place === null ? run : { ...run, usage: usageAt(measured, place) };
    });
    const loggedModels = experiment.loggedModels.map((model) => {
      const place = sizes || model.stamp !== "" ? modelDirectoryOf(root, model) : null;
      return place === null ? model : { ...model, usage: usageAt(measured, place) };
    });
    const whole = all ? experimentDirectoryOf(root, experiment) : null;
    if (whole === null) return { ...experiment, runs, loggedModels };
    const traces = usageAt(measured, `${whole}/traces`);
    const runParts = runs.flatMap((run) => partsAt(measured, runDirectoryOf(root, run)));
    const foreign = { artifacts: NO_USAGE, foreign: foreignBelow(measured, whole) };
    const parts = sizes ? { parts: partsOf([...runParts, foreign], loggedModels, traces) } : {};
    return { ...experiment, runs, loggedModels, usage: usageAt(measured, whole), ...parts };
  });
}

function* placesIn(root: string, experiment: Experiment, sizes: boolean): Iterable<string> {
  for (const run of experiment.runs) {
    const place = isWanted(run, experiment, sizes) ? runDirectoryOf(root, run) : null;
    if (place !== null) yield place;
  }
  for (const model of experiment.loggedModels) {
    const place = sizes || model.stamp !== "" ? modelDirectoryOf(root, model) : null;
    if (place !== null) yield place;
  }
}

function isWanted(run: Run, experiment: Experiment, sizes: boolean): boolean {
  return sizes || run.lifecycleStage === "deleted" || experiment.lifecycleStage === "deleted";
}

/** What is not there takes nothing. */
function usageAt(measured: ReadonlyMap<string, MeasuredTree>, place: string): DiskUsage {
  return measured.get(place)?.usage ?? NO_USAGE;
}

/** What lies in an experiment beside runs, models and traces: directories, and objects of its own. */
function foreignBelow(measured: ReadonlyMap<string, MeasuredTree>, whole: string): DiskUsage {
  const within = [...measured].flatMap(([place, { usage }]) => {
    const name = place.startsWith(`${whole}/`) ? place.slice(whole.length + 1) : "/";
    return name.includes("/") ? [] : [{ name, usage }];
  });
  const known = addUsage(within.filter(({ name }) => !isForeign(name)).map(({ usage }) => usage));
  const { bytes, files } = usageAt(measured, whole);
  return { bytes: bytes - known.bytes, files: files - known.files };
}

/** What lies beside the artifacts of a run MLflow has not written. */
function partsAt(measured: ReadonlyMap<string, MeasuredTree>, place: string | null) {
  if (place === null) return [];
  const [all, artifacts] = [usageAt(measured, place), usageAt(measured, `${place}/artifacts`)];
  const foreign = { bytes: all.bytes - artifacts.bytes, files: all.files - artifacts.files };
  return [{ artifacts, foreign }];
}

/**
 * Only what lies in an experiment that the database knows: a bucket may be that of several databases, which have
 * experiments of the same ids. Where any other experiment lies there, nobody can tell whose the rest is.
 */
async function orphansBelow(
  client: BucketClient,
  root: string,
  snapshot: StoreSnapshot,
  { rowsFor, signal }: LookOptions,
): Promise<readonly Orphan[]> {
  if (rowsFor === null) return [];
  const list = bucketLister(client);
  const top = await list(root);
  const names = top.kind === "failed" ? [] : top.entries
    .filter(({ name, isDirectory }) => isDirectory && /^\d+$/.test(name))
    .map(({ name }) => `${root}/${name}`);
  await listAhead(list, names);
  const weigh = async (place: string) => {
    const { usage, ...tree } = (await measurePlaces(client, [place], signal)).get(place)!;
    return { ...tree, freed: usage };
  };
  const all = await findOrphans(snapshot, await rowsFor(root), list, { root, weigh });
  // Some servers list for a while what all has been deleted of.
  const found = all.filter(({ usage }) => usage?.files !== 0);
  const stranger = found.find(({ path }) => !path.includes("/"));
  if (stranger === undefined) return found;
  const message =
    `experiment ${stranger.path} of ${root} is none of this database, so that another one may have its artifacts there`;
  return found.map((orphan) => ({ ...orphan, damage: "io", message }));
}
