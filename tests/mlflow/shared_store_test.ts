/**
 * A database whose artifacts lie in a file store, put to real MLflow: whatever is cleaned up there, the
 * database's runs keep every artifact.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Plan } from "../../lib/plan/plan.ts";
import { runForJson } from "../_support/command.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython } from "./python.ts";

const NOW = ["--purge-after", "0d", "--settle", "0m"];

testEachVersion(
  "a database keeps its artifacts in mlruns/ through every clean-up",
  async (version) => {
    await using directory = await memoryDirectory();
    const store = join(directory.path, "mlruns");
    const database = join(directory.path, "mlflow.db");
    await runPython(version, "share_store.py", ["write", store, database]);
    const ask = () => runPython(version, "share_store.py", ["ask", database]);
    const before = await ask() as Readonly<Record<string, readonly string[]>>;
    assert(Object.keys(before).length >= 6);

    // Twice: what is soft-deleted by the first would be purged by the second.
    for (let round = 0; round < 2; round++) {
      await runForJson("cleanup:apply", store, "--force", "--no-backup", ...NOW);
      await runForJson("repair:apply", store, "--force");
    }
    assertEquals(await ask(), before);

    // Without the database there is much to take: beside the store it counts by whatever name.
    await using away = await memoryDirectory();
    await Deno.rename(database, join(away.path, "mlflow.db"));
    const { actions } = await runForJson<Plan>("cleanup", store, ...NOW);
    assert(actions.length > 0);
  },
);
