import { join } from "@std/path";
import {
  DAY,
  deletedRun,
  experiment,
  run,
  runId,
  type SnapshotInit,
} from "../_support/builders.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { tempStore } from "../_support/disk_store.ts";
import { startMlflowDouble } from "../_support/mlflow_double.ts";
import { assertAsInTable } from "../_support/table_of_stores.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";

const now = Date.now();
const INIT: SnapshotInit = {
  experiments: [
    experiment({ id: "0", name: "Default" }),
    experiment({
      id: "1",
      name: "churn",
      runs: [
        run({ id: runId(1), startTime: now - 101 * DAY, endTime: now - 100 * DAY }),
        deletedRun({ id: runId(2), deletedTime: now - 60 * DAY }),
      ],
    }),
  ],
};

Deno.test("what the front page tells of a directory, a database of SQLite and a server is what the tasks do", async () => {
  await using state = await memoryDirectory();
  await using directory = await tempStore(INIT);
  await assertAsInTable("a directory", { uri: directory.root, state: state.path });
  await using database = await tempDatabase(INIT);
  await assertAsInTable("`sqlite:///", { uri: database.uri, state: join(state.path, "sqlite") });
  await using server = await startMlflowDouble(INIT);
  await assertAsInTable("a server", { uri: server.uri, state: join(state.path, "server") });
});
