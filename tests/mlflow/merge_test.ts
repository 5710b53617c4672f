/**
 * Merged stores, put to real MLflow: it shows the runs of both, each as before, and once that is undone those of the
 * first alone.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { merge, openStore, restore } from "mltidy";
import { exactRowsOf } from "../_support/owned_rows.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { readTree } from "../_support/tree.ts";
import { testEachVersion } from "./each_version.ts";
import { type MlflowVersion, runPython } from "./python.ts";

/** What MLflow shows of runs, by their names. */
type Shown = Readonly<Record<string, unknown>>;

/** Where a store is, by what it is opened, and all that it holds. */
interface Place {
  readonly uri: string;
  readonly location: string;
  readonly look: () => Promise<unknown>;
}

async function proveMerge(version: MlflowVersion, here: Place, there: Place): Promise<void> {
  const ask = (word: string, { uri }: Place, ...more: readonly string[]) =>
    runPython(version, "moved_runs.py", [word, uri, ...more]);
  const { scratch } = await ask("begin", here) as { readonly scratch: string };
  const made = await ask("there", there) as { readonly scratch: string };
  const say = async (one: Place, id: string) => await ask("say", one, id) as Shown;
  const { mine } = await say(here, scratch);
  const other = await say(there, made.scratch);
  const left = await there.look();
  await using store = await openStore(here.location);
  await using from = await openStore(there.location);
  const mergeThere = () => merge(store, { from, apply: true });
  const { plan, report } = await mergeThere();
  assertEquals([plan.kept, report?.complete], [[], true]);
  const expected = JSON.parse(
    JSON.stringify({ mine, ...other }).replaceAll(`"${made.scratch}"`, `"${scratch}"`),
  );
  const shown = await say(here, scratch);
  assertEquals(shown, expected);
  assertEquals(await there.look(), left);
  assertEquals((await mergeThere()).plan.actions, []);
  await restore(store);
  assertEquals(await say(here, scratch), { mine });
  // MLflow writes where it loads a model, so this is seen without it.
  const before = await here.look();
  await mergeThere();
  await restore(store);
  assertEquals(await here.look(), before);
}

testEachVersion(
  "of two databases that are merged it shows every run with its artifacts, models, traces and children, and after undoing the first alone",
  async (version) => {
    await using directory = await memoryDirectory();
    const [here, there] = placesIn(directory.path).map((place): Place => {
      const path = join(place, "mlflow.db");
      const uri = `sqlite:///${path}`;
      const look = async () => {
        const files = await readTree(place, { except: ["mlflow.db", "mlflow.db.mltidy"] });
        return [exactRowsOf(path), files];
      };
      return { uri, location: uri, look };
    });
    await proveMerge(version, here!, there!);
  },
);

testEachVersion(
  "of two directories that are merged it shows every run with its artifacts, models, traces and children, and after undoing the first alone",
  async (version) => {
    await using directory = await memoryDirectory();
    const [here, there] = placesIn(directory.path).map((place): Place => {
      const location = join(place, "mlruns");
      const look = () => readTree(location, { except: [".mltidy.trash"] });
      return { uri: toFileUrl(location).href, location, look };
    });
    await proveMerge(version, here!, there!);
  },
);

function placesIn(path: string): readonly string[] {
  return ["desk", "laptop"].map((name) => {
    const place = join(Deno.realPathSync(path), name);
    Deno.mkdirSync(place);
    return place;
  });
}
