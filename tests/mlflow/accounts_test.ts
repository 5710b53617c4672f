/**
 * A store of several accounts, and one with what others put beside artifacts, cleaned up and brought back:
 * real MLflow is asked under the same account before, in between and after.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DAY, experiment, run, runId, type SnapshotInit } from "../_support/builders.ts";
import { tempStore } from "../_support/disk_store.ts";
import { hasSetpriv, runTaskWithout } from "../_support/other_rights.ts";
import { versionsThatRun } from "./each_version.ts";
import { type MlflowVersion, runPython } from "./python.ts";

/** Nobody's, on most machines. */
const OTHER = 2345;
const now = Date.now();
const old = { startTime: now - 61 * DAY, endTime: now - 60 * DAY };

const STORE: SnapshotInit = {
  experiments: [
    experiment({ id: "0", name: "Default" }),
    experiment({
      id: "61",
      name: "shared",
      runs: [
        run({ id: runId(1), name: "mine", ...old }),
        run({ id: runId(2), name: "theirs", ...old }),
      ],
    }),
    experiment({ id: "62", name: "closed", runs: [run({ id: runId(3), name: "h", ...old })] }),
  ],
};

/** By which the superuser passes over all other accounts. */
const RIGHTS = ["dac_override", "dac_read_search", "fowner", "chown"];

async function runTask(task: string, ...words: readonly string[]): Promise<number> {
  return (await runTaskWithout(RIGHTS, task, words)).code;
}

function giveAway(path: string): void {
  Deno.chownSync(path, OTHER, OTHER);
  if (!Deno.lstatSync(path).isDirectory) return;
  for (const { name } of Deno.readDirSync(path)) giveAway(join(path, name));
}

Deno.test({
  name:
    "MLflow shows of a store of several accounts what a clean-up says, and all of it once undone",
  ignore: !await hasSetpriv(),
  fn: async () => {
    const places = await Promise.all([1, 2].map(() => tempStore(STORE)));
    const [shared, closed] = places.map(({ root }) => root) as [string, string];
    try {
      // A container wrote one run; what a logger puts beside artifacts is no artifact to MLflow.
      Deno.mkdirSync(join(shared, "61", runId(1), "checkpoints"));
      Deno.writeTextFileSync(join(shared, "61", runId(1), "checkpoints", "last.ckpt"), "x");
      Deno.writeTextFileSync(join(shared, "61", "config.yaml"), "trainer: {}\n");
      giveAway(join(shared, "61", runId(2)));
      giveAway(join(closed, "62"));
      Deno.chmodSync(join(closed, "62"), 0o700);
      const ask = (version: MlflowVersion) =>
        runPython(version, "ask_as_other.py", [shared, closed]) as Promise<
          Record<string, Record<string, Record<string, [string, string[]]> | string>>
        >;
      const askAll = () => Promise.all(versionsThatRun().map(ask));
      const before = await askAll();
      const codes = [];
      for (const root of [shared, closed]) {
        codes.push(await runTask("cleanup:apply", "--force", "--store", root));
      }
      assertEquals(codes, [4, 0]);
      const between = await askAll();
      for (const [index, answer] of between.entries()) {
        const { mine: _, ...rest } = before[index]![shared]!["61"] as Record<string, unknown>;
        assertEquals(answer[shared]!["61"], { ...rest, mine: ["deleted", []] } as never);
        // Where it comes upon the closed one while it looks for a run, it raises.
        assertEquals(Object.keys(answer[closed]!), ["0", "61"]);
      }
      assertEquals(await runTask("restore", "--last", "--store", shared), 0);
      const after = await askAll();
      assertEquals(after.map((one) => one[shared]), before.map((one) => one[shared]));
    } finally {
      for (const place of places) await place[Symbol.asyncDispose]();
    }
  },
});
