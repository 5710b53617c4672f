import { assertEquals } from "@std/assert";
import { findUnknownTables, OWNED_TABLES, ownTableOf } from "../../../lib/snapshot/owned_tables.ts";

const columns = new Map([
  ["runs", ["run_uuid", "experiment_id"]],
  ["metrics", ["run_uuid", "key"]],
  ["model_versions", ["run_id", "name"]],
  ["webhooks", ["webhook_id"]],
]);

Deno.test("findUnknownTables() finds what refers to something in a way that MLflow does not", () => {
  const found = (
    table: string,
    names: readonly string[],
    ...more: Parameters<typeof findUnknownTables> extends [unknown, ...infer R] ? R : never
  ) => findUnknownTables(new Map([...columns, [table, names]]), ...more);
  assertEquals(found("experiments", ["experiment_id"], [], []), []);
  assertEquals(found("notes", ["run_uuid"], [], []), [{ owner: "run", table: "notes" }]);
  assertEquals(found("metrics", ["run_uuid", "model_id"], [], []), [
    { owner: "logged-model", table: "metrics" },
  ]);
  assertEquals(found("notes", ["trace_id"], [], []), [{ owner: "trace", table: "notes" }]);
  const key = { table: "notes", column: "of", to: "runs" };
  assertEquals(found("notes", ["of"], [key], []), [{ owner: "run", table: "notes" }]);
  const known = { table: "metrics", column: "run_uuid", to: "runs" };
  assertEquals(found("notes", ["text"], [known, { ...key, to: "webhooks" }], []), []);
});

Deno.test("findUnknownTables() finds what does something by itself, for all whose rows it concerns", () => {
  assertEquals(findUnknownTables(columns, [], ["webhooks"]), []);
  assertEquals(findUnknownTables(columns, [], ["inputs"]), [
    { owner: "run", table: "inputs" },
    { owner: "logged-model", table: "inputs" },
  ]);
});

Deno.test("the row of a thing itself is the last of all that belongs to it", () => {
  assertEquals(
    Object.keys(OWNED_TABLES).map((owner) => ownTableOf(owner as keyof typeof OWNED_TABLES)),
    [
      { table: "runs", owner: "run_uuid" },
      { table: "logged_models", owner: "model_id" },
      { table: "trace_info", owner: "request_id" },
      { table: "experiments", owner: "experiment_id" },
    ],
  );
});
