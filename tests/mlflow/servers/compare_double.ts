/**
 * What the server in this process answers, beside what MLflow's own does on the same rows.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { serveDatabase } from "../../_support/mlflow_double.ts";
import { tempDirectory } from "../../_support/temp_directory.ts";
import { type Answered, askerOf, fillServer } from "./fill_server.ts";

/**
 * Asks both the same, one request after the other, whatever it changes: the double's answers have nothing that MLflow's
 * have not.
 *
 * @param subject The server.
 * @param subject.uri Where it is.
 * @param subject.database Absolute path of its database.
 * @param subject.schema Of which version its tables are.
 */
export async function compareDouble(
  { uri, database, schema }: {
    readonly uri: string;
    readonly database: string;
    readonly schema: "2.22" | "3.17";
  },
): Promise<void> {
  const ask = askerOf(uri);
  const { experiment, runs } = await fillServer(ask, "compare");
  await using directory = await tempDirectory();
  const copy = join(directory.path, "mlflow.db");
  {
    using own = new DatabaseSync(database, { readOnly: true });
    own.prepare("VACUUM INTO ?").run(copy);
  }
  await using double = serveDatabase(copy, { schema });
  const other = askerOf(double.uri);
  const [run_id, gone] = [runs["old1"]!, "f".repeat(32)];
  const key = "mltidy.deleted_at.1";
  const some = { experiment_ids: [experiment], run_view_type: "ALL", max_results: 50 };
  const named = (ids: readonly string[]) =>
    `attributes.run_id IN (${ids.map((id) => `'${id}'`).join(", ")})`;
  const requests: readonly (readonly ["GET" | "POST", string, object])[] = [
    ["POST", "experiments/search", { view_type: "ALL", max_results: 50 }],
    ["POST", "experiments/search", {}],
    ["GET", "experiments/get", { experiment_id: experiment }],
    ["GET", "experiments/get", { experiment_id: "987654" }],
    ["POST", "runs/search", { ...some, order_by: ["attributes.start_time ASC"] }],
    ["POST", "runs/search", { ...some, filter: named([run_id]) }],
    ["POST", "runs/search", { ...some, filter: named([gone, "1".repeat(32)]) }],
    ["GET", "users/current", {}],
    ["GET", "registered-models/search", { max_results: 50 }],
    ["GET", "model-versions/search", { max_results: 50 }],
    ...schema === "3.17"
      ? [
        ["POST", "logged-models/search", {
          experiment_ids: [experiment],
          max_results: 50,
        }] as const,
      ]
      : [],
    ...["set-tag", "delete", "delete", "set-tag", "delete-tag", "update", "restore", "restore"].map(
      (
        name,
      ) => ["POST", `runs/${name}`, { run_id, key, value: "1", status: "FAILED" }] as const,
    ),
    ...["delete-tag", "delete-tag", "update"].map((name) =>
      ["POST", `runs/${name}`, { run_id, key, status: "RUNNING" }] as const
    ),
    ...["delete", "restore", "set-tag", "delete-tag", "update"].map((name) =>
      ["POST", `runs/${name}`, { run_id: gone, key, value: "1", status: "FAILED" }] as const
    ),
    ["POST", "experiments/delete", { experiment_id: experiment }],
  ];
  const look = [
    ["GET", "runs/get", { run_id }],
    ["GET", "runs/get", { run_id: gone }],
  ] as const;
  for (const request of requests) {
    for (const one of [request, ...look]) {
      const what = JSON.stringify([request, one]);
      const [expected, found] = [await ask(...one), await other(...one)];
      assertEquals(found.status, expected.status, what);
      assert(
        isPart(tellingOf(found), tellingOf(expected)),
        `${what}: ${JSON.stringify([found, expected])}`,
      );
    }
  }
}

/** Of an error the code, and not the words; times are those of two clocks. */
function tellingOf({ status, body }: Answered): unknown {
  return status < 400 ? body : { error_code: body?.["error_code"] ?? null };
}

const TIMES: ReadonlySet<string> = new Set(["last_update_time", "end_time"]);

/** Whether all of one value is in the other, lists in any order. */
function isPart(part: unknown, whole: unknown): boolean {
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.length === whole.length &&
      part.every((one) => whole.some((other) => isPart(one, other)));
  }
  if (part === null || typeof part !== "object") return part === whole;
  return typeof whole === "object" && whole !== null &&
    Object.entries(part).every(([key, value]) =>
      key in whole && (TIMES.has(key) || isPart(value, (whole as Record<string, unknown>)[key]))
    );
}
