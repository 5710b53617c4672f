import { assertEquals } from "@std/assert";
import { pathFault } from "../../../lib/files/action_paths.ts";
import type { Action } from "../../../lib/plan/plan.ts";
import { runId } from "../../_support/builders.ts";

/** An action, as far as its place is concerned. */
function action(kind: string, path: string, more: Readonly<Record<string, unknown>> = {}): Action {
  return { kind, path, ...more } as unknown as Action;
}

const CASES: readonly (readonly [kind: string, paths: readonly string[]])[] = [
  ["soft-delete-run", ["1", `.trash/1/${runId(1)}`, "1/tags", "1/traces", "models/1", "1/a/b"]],
  ["purge-run", ["1", ".trash/1", "1/models", "1/a/artifacts", ".mltidy.trash/a"]],
  ["purge-experiment", ["1", ".trash", ".trash/1/a", "old.trash/1", ".trash/.git"]],
  ["quarantine-orphan", [".trash", "models", "1/a", ".mltidy.trash", ".git", "a.b"]],
  ["drop-artifact", ["1/a", "1/a/artifacts", "1/a/metrics/loss", ".trash/1/a/artifacts/x"]],
  ["thin-metric", ["1/a", "1/a/metrics", "1/a/tags/x", ".trash/1/a/metrics/x"]],
  ["write-meta", [".trash", "models", "1/a/artifacts", "1/a/b/c/d", ".mltidy.trash"]],
  ["create-experiment", ["1", ".trash/0", "0/a", "models", "00"]],
  ["set-stage", ["1/a", "models", ".trash"]],
  ["finish-stale-run", ["1", "models/a", "1/tags"]],
  ["rewrite-location", ["1/a/artifacts", "models/a", "1/traces/a"]],
  ["rewrite-tag", ["1/tags/a", "1/a/tags/mlflow.user", "1/traces/a/trace_info.yaml"]],
  ["create-dirs", ["1", "new.trash", "models/a", "1/a/b"]],
  ["trim-metric-file", ["1/a/params/lr", "1/a/metrics", "1/metrics/loss"]],
  ["quarantine-stray", [".trash", "models", ".mltidy.trash/backups", "old.trash/a"]],
];

Deno.test("pathFault() tells of a path that the kind of action never has", () => {
  for (const [kind, paths] of CASES) {
    assertEquals(
      paths.map((path) => pathFault(action(kind, path))),
      paths.map((path) => `has a path that no ${kind} has: ${JSON.stringify(path)}`),
    );
  }
});

const NAMED: readonly (readonly [kind: string, path: string])[] = [
  ["soft-delete-run", "1/a"],
  ["purge-run", "1/a"],
  ["purge-experiment", ".trash/1"],
  ["drop-artifact", "1/a/artifacts/x/y"],
  ["drop-artifact", "1/a/checkpoints"],
  ["drop-artifact", "1/a/checkpoints/x.ckpt"],
];

Deno.test("pathFault() tells of an action whose ids name another subject than its path", () => {
  const faultsOf = (ids: Readonly<Record<string, unknown>>) =>
    NAMED.map(([kind, path]) => pathFault(action(kind, path, ids)));
  assertEquals(faultsOf({ experimentId: "1", runId: "a" }), NAMED.map(() => null));
  for (const experimentId of ["2", "../1"]) {
    assertEquals(
      faultsOf({ experimentId, runId: "a" }),
      NAMED.map(() => "names another subject than its path"),
    );
  }
});

Deno.test("pathFault() tells of directories that no repair makes", () => {
  const made: readonly (readonly [path: string, directories: readonly string[]])[] = [
    [".trash", [".trash/1"]],
    ["1/a", ["1/a"]],
    ["1/a", ["1/b/metrics"]],
    ["1/a", ["1/a/metrics", "1/a/tags"]],
  ];
  assertEquals(
    made.map(([path, directories]) => pathFault(action("create-dirs", path, { directories }))),
    made.map(() => "makes directories elsewhere"),
  );
  const folders = ["1/a/metrics", "1/a/params", "1/a/artifacts"];
  assertEquals(pathFault(action("create-dirs", "1/a", { directories: folders })), null);
});
