/**
 * Merged databases, put to real MLflow: it shows the runs of both, each as before, and once that is undone those of the
 * first alone.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { merge, openStore, restore } from "mltidy";
import { exactRowsOf } from "../_support/owned_rows.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { readTree } from "../_support/tree.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython } from "./python.ts";

/** What MLflow shows of runs, by their names. */
type Shown = Readonly<Record<string, unknown>>;

testEachVersion(
  "of two databases that are merged it shows every run with its artifacts, models, traces and children, and after undoing the first alone",
  async (version) => {
    await using directory = await memoryDirectory();
    const place = Deno.realPathSync(directory.path);
    const [here, there] = ["desk", "laptop"].map((name) => {
      Deno.mkdirSync(join(place, name));
      return { directory: join(place, name), uri: `sqlite:///${join(place, name, "mlflow.db")}` };
    }) as [Place, Place];
    const ask = (word: string, { uri }: Place, ...more: readonly string[]) =>
      runPython(version, "moved_runs.py", [word, uri, ...more]);
    const { scratch } = await ask("begin", here) as { readonly scratch: string };
    const made = await ask("there", there) as { readonly scratch: string };
    const say = async (one: Place, id: string) => await ask("say", one, id) as Shown;
    const { mine } = await say(here, scratch);
    const other = await say(there, made.scratch);
    const left = await look(there);
    await using store = await openStore(here.uri);
    await using from = await openStore(there.uri);
    const mergeThere = () => merge(store, { from, apply: true });
    const { plan, report } = await mergeThere();
    assertEquals([plan.kept, report?.complete], [[], true]);
    const expected = JSON.parse(
      JSON.stringify({ mine, ...other }).replaceAll(`"${made.scratch}"`, `"${scratch}"`),
    );
    assertEquals(await say(here, scratch), expected);
    assertEquals(await look(there), left);
    assertEquals((await mergeThere()).plan.actions, []);
    await restore(store);
    assertEquals(await say(here, scratch), { mine });
    // MLflow writes where it loads a model, so this is seen without it.
    const before = await look(here);
    await mergeThere();
    await restore(store);
    assertEquals(await look(here), before);
  },
);

interface Place {
  readonly directory: string;
  readonly uri: string;
}

async function look({ directory }: Place): Promise<unknown> {
  const files = await readTree(directory, { except: ["mlflow.db", "mlflow.db.mltidy"] });
  return [exactRowsOf(join(directory, "mlflow.db")), files];
}
