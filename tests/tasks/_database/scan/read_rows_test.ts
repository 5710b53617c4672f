import { assertEquals, assertStringIncludes } from "@std/assert";
import { verifySnapshot } from "../../../../lib/verify/verify_snapshot.ts";
import { cleanup } from "../../../../tasks/cleanup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { DAY, experiment, NOW, run, runId } from "../../../_support/builders.ts";
import { tempDatabase } from "../../../_support/database_store.ts";

Deno.test("a run whose id is stored as bytes stays with all that it needs, and verify names it", async () => {
  const long = { startTime: NOW - 300 * DAY, endTime: NOW - 300 * DAY };
  const gone = { ...long, lifecycleStage: "deleted", deletedTime: NOW - 200 * DAY } as const;
  const last = experiment({ id: "3", name: "last" });
  await using database = await tempDatabase({
    experiments: [
      experiment({
        id: "1",
        runs: [
          run({ id: runId(1), ...long, tags: { "mlflow.parentRunId": runId(2) } }),
          run({ id: runId(2), ...long }),
          run({ id: runId(3), ...long }),
          run({ id: runId(4), ...gone }),
        ],
      }),
      experiment({
        ...{ id: "2", name: "gone", lifecycleStage: "deleted", lastUpdateTime: NOW - 200 * DAY },
        runs: [run({ id: runId(5), ...gone })],
      }),
      last,
    ],
  });
  const ids = [1, 4, 5].map((number) => `'${runId(number)}'`).join(", ");
  database.execute(`UPDATE runs SET run_uuid = CAST(run_uuid AS BLOB) WHERE run_uuid IN (${ids})`);
  await using store = await openStore(database.uri, { now: () => NOW });
  const { plan, report } = await cleanup(store, { apply: true });
  assertEquals(plan.actions.map(({ kind, path }) => `${kind} ${path}`), [
    `soft-delete-run 1/${runId(3)}`,
  ]);
  assertEquals(report?.complete, true);
  const findings = verifySnapshot(await store.read({ depth: "full" }));
  const named = findings.filter(({ rule }) => rule === "run-row-unusable");
  assertEquals(named.map(({ path }) => path), [`1/${runId(1)}`, `1/${runId(4)}`, `2/${runId(5)}`]);
  for (const { message } of named) assertStringIncludes(message, "its id is stored as bytes");
  // As its remedy says.
  database.execute("UPDATE runs SET run_uuid = CAST(run_uuid AS TEXT)");
  const left = verifySnapshot(await store.read({ depth: "full" })).map(({ rule }) => rule);
  assertEquals(left, ["default-experiment-missing", "experiment-name-held"]);
});
