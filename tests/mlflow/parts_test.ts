/**
 * What a clean-up takes of runs that stay, and what still holds of a reviewed plan, as MLflow shows it: on a
 * directory and on a database that MLflow has written.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { parsePlan } from "../../lib/plan/parse_plan.ts";
import { policyOf, readConfig } from "../../lib/policy/config.ts";
import { applyWhatStillHolds } from "../../tasks/apply_what_still_holds.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython } from "./python.ts";

interface Shown {
  readonly active: readonly (readonly [name: string, metrics: unknown])[];
  readonly deleted: readonly (readonly [name: string, metrics: unknown])[];
  readonly found: readonly string[];
  readonly history: readonly (readonly [step: number, time: number, value: string])[];
}

const THIN = policyOf(
  readConfig('retention: { keep_named: "*" }\npurge: { after: 30d, thin_metrics: 200 }', "test"),
);

for (const kind of ["a directory", "a database"] as const) {
  testEachVersion(
    `what it shows of a run is the same once points of a metric have gone, and what is left of a reviewed plan is what it lists, in ${kind}`,
    async (version) => {
      const directory = await Deno.makeTempDir({ prefix: "mltidy-" });
      try {
        const uri = kind === "a directory"
          ? `file://${directory}/mlruns`
          : `sqlite:///${directory}/mlflow.db`;
        const ask = (...words: readonly string[]) => runPython(version, "parts.py", words);
        const ids = await ask("write", uri) as readonly string[];
        const read = async () => await ask("read", uri) as Shown;
        const before = await read();
        assertEquals(before.history.length, 2_500);
        await using store = await openStore(
          kind === "a directory" ? `${directory}/mlruns` : uri,
        );

        const { plan: thinned, report } = await cleanup(store, { policy: THIN, apply: true });
        assertEquals(thinned.actions.map(({ kind }) => kind), ["thin-metric"]);
        assertEquals(report?.complete, true);
        const { history, ...left } = await read();
        const { history: whole, ...all } = before;
        assertEquals(left, all);
        const points = new Set(whole.map((one) => `${one}`));
        assert(history.every((one) => points.has(`${one}`)));
        assert(history.length > 150 && history.length <= 200, `${history.length} points are left`);
        await restore(store);
        assertEquals(await read(), before);

        // As it was reviewed, all would go.
        const { plan } = await cleanup(store, { daysOld: 30 });
        assertEquals(plan.actions.length, 6);
        const reviewed = parsePlan(JSON.stringify(plan), "plan.json");
        await ask("change", uri, ids[1]!, ids[2]!);
        const { plan: part } = await applyWhatStillHolds(store, reviewed, { apply: true });
        assertEquals(part.actions.length, 4);
        assertEquals(part.reviewed!.lapsed.map(({ name }) => name).toSorted(), ["run-1", "run-2"]);
        const then = await read();
        assertEquals(then.active.map(([name]) => name), ["run-1"]);
        assertEquals(then.deleted.map(([name]) => name).toSorted(), [
          ...["run-0", "run-2", "run-3", "run-4", "run-5"],
        ]);
        await restore(store);
        assertEquals((await read()).active.map(([name]) => name).toSorted(), [
          ...["run-0", "run-1", "run-3", "run-4", "run-5"],
        ]);
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  );
}
