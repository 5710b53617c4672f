import { assertEquals } from "@std/assert";
import {
  checkExperimentMeta,
  checkLife,
  checkRunMeta,
  migrateExperimentMeta,
  migrateModelVersionMeta,
  migrateRunMeta,
} from "../../../lib/records/check_meta.ts";
import { STALE_AFTER } from "../../../lib/store/run_status.ts";
import { days } from "../../../lib/text/units.ts";
import { NOW, run } from "../../_support/builders.ts";

const RUN = "artifact_uri: /a\nrun_id: '1'\nlifecycle_stage: active\nstatus: 3\n";

const damageOf = (problems: readonly { readonly damage: string }[]) =>
  problems.map((one) => one.damage);

Deno.test("checkRunMeta() finds what one reader alone stumbles over", () => {
  assertEquals(checkRunMeta(RUN), []);
  assertEquals(damageOf(checkRunMeta(RUN.replace("run_id", "run_uuid"))), ["no-run-id"]);
  assertEquals(damageOf(checkRunMeta(RUN.replace("/a", "null"))), ["no-artifact-uri"]);
  const deleted = RUN.replace("active", "deleted");
  assertEquals(checkRunMeta(deleted), []);
  assertEquals(checkRunMeta(`${deleted}deleted_time: 1\n`), []);
  assertEquals(damageOf(checkRunMeta(`${deleted}deleted_time: null\n`)), ["no-deleted-time"]);
  assertEquals(damageOf(checkRunMeta(`${deleted}deleted_time: 2024-01-05\n`)), ["no-deleted-time"]);
  assertEquals(checkRunMeta(`${RUN}deleted_time: null\n`), []);
});

Deno.test("checkExperimentMeta() finds a name that is null, not one that says so", () => {
  const location = "artifact_location: /a\n";
  assertEquals(damageOf(checkExperimentMeta(`${location}name: null\n`)), ["no-name"]);
  assertEquals(checkExperimentMeta(`${location}name: 'null'\n`), []);
});

Deno.test("migrateRunMeta() tells what a migration makes of a run", () => {
  assertEquals(
    [
      RUN,
      "",
      "- a\n",
      "name: 'cut",
      "status: 3\n",
      RUN.replace("3", "9"),
      RUN.replace("3", "null"),
      RUN.replace("3", "FINISHED"),
      RUN.replace("active", "archived"),
      RUN.replace("active", "null"),
      'name: "expected a mapping \\uD800"\n',
    ].map(migrateRunMeta),
    [null, "skips", "aborts", "skips", "skips", "aborts", "aborts", null, "aborts", null, "skips"],
  );
});

Deno.test("migrateExperimentMeta() tells what a migration makes of an experiment", () => {
  assertEquals(
    [
      "experiment_id: '1'\n",
      "name: null\n",
      "lifecycle_stage: archived\n",
      "word\n",
      "# nothing\n",
    ].map(migrateExperimentMeta),
    [null, "aborts", "aborts", "aborts", "skips"],
  );
});

Deno.test("migrateModelVersionMeta() tells what a migration makes of a version's number", () => {
  assertEquals(
    ["version: 1", "version: '12'", "version: 1.5", "version: yes"].map(migrateModelVersionMeta),
    [null, null, null, null],
  );
  assertEquals(
    ["name: a", "version:", "version: one", "version: []", "version: 2024-01-01", "- 1"]
      .map(migrateModelVersionMeta),
    ["aborts", "aborts", "aborts", "aborts", "aborts", "aborts"],
  );
  assertEquals(["", "version: 'cut"].map(migrateModelVersionMeta), ["skips", "skips"]);
});

Deno.test("checkLife() counts from the last sign of life, the start included", () => {
  const silent = run({ status: "RUNNING", startTime: NOW - STALE_AFTER });
  assertEquals(checkLife(silent, 0, NOW).map(({ message }) => message), [
    "it is RUNNING, and has written nothing for 7 days",
  ]);
  const forgotten = run({ status: "RUNNING", startTime: NOW - days(1389) });
  assertEquals(
    checkLife(forgotten, 0, NOW)[0]?.message,
    "it is RUNNING, and has written nothing for 1,389 days",
  );
  assertEquals(checkLife(silent, NOW - STALE_AFTER + 1, NOW), []);
  assertEquals(checkLife(run({ status: "RUNNING", startTime: NOW - 1 }), 0, NOW), []);
});
