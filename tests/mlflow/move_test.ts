/**
 * Moved runs, put to real MLflow: in their new experiment they show all that they showed before, and once that is
 * undone where they were.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { move, openStore, restore } from "mltidy";
import { exactRowsOf } from "../_support/owned_rows.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { readTree } from "../_support/tree.ts";
import { testEachVersion } from "./each_version.ts";
import { type MlflowVersion, runPython } from "./python.ts";

interface Made {
  readonly scratch: string;
  readonly keepers: string;
  readonly runs: Readonly<Record<string, string>>;
}

/** What MLflow shows of runs, by their names. */
type Shown = Readonly<Record<string, unknown>>;

/** All that names the experiment. */
function elsewhere(shown: Shown, from: string, to: string): unknown {
  return JSON.parse(JSON.stringify(shown).replaceAll(`"${from}"`, `"${to}"`));
}

/** `look` tells of all that the store holds. */
async function proveMove(
  version: MlflowVersion,
  { uri, location, look }: {
    readonly uri: string;
    readonly location: string;
    readonly look: () => Promise<unknown>;
  },
): Promise<void> {
  const made = await runPython(version, "moved_runs.py", ["make", uri]) as Made;
  const { scratch, keepers, runs } = made;
  const say = async (id: string) =>
    await runPython(version, "moved_runs.py", ["say", uri, id]) as Shown;
  const { parent, child, other } = await say(scratch);
  await using store = await openStore(location);
  const moveParent = () => move(store, { runs: [runs["parent"]!], to: "keepers", apply: true });
  const { report } = await moveParent();
  assertEquals([report?.complete, report?.totals.applied], [true, 2]);
  const expected = { parent, child };
  assertEquals(await say(keepers), elsewhere(expected, scratch, keepers));
  assertEquals(await say(scratch), { other });
  await restore(store);
  assertEquals(await say(scratch), { parent, child, other });
  assertEquals(await say(keepers), {});
  // MLflow writes where it loads a model, so this is seen without it.
  const before = await look();
  await moveParent();
  await restore(store);
  assertEquals(await look(), before);
}

testEachVersion(
  "a run moved within a directory opens with its artifacts, models, traces and children, and comes back",
  async (version) => {
    await using directory = await memoryDirectory();
    const location = join(Deno.realPathSync(directory.path), "mlruns");
    const look = () => readTree(location, { except: [".mltidy.trash"] });
    await proveMove(version, { uri: toFileUrl(location).href, location, look });
  },
);

testEachVersion(
  "a run moved within a database opens with its artifacts, models, traces and children, and comes back",
  async (version) => {
    await using directory = await memoryDirectory();
    const path = join(Deno.realPathSync(directory.path), "mlflow.db");
    const location = `sqlite:///${path}`;
    const look = () => Promise.resolve(exactRowsOf(path));
    await proveMove(version, { uri: location, location, look });
  },
);
