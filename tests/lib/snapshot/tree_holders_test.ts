import { assert, assertEquals } from "@std/assert";
import { treeHolders } from "../../../lib/snapshot/tree_holders.ts";
import type { DatabaseRow } from "../../../lib/store/snapshot.ts";
import fc from "../../_support/fast_check.ts";

const AB = "ab".repeat(16);
const CD = "cd".repeat(16);

function row(kind: DatabaseRow["kind"], id: string, location: string): DatabaseRow {
  return { kind, id, location };
}

const own = row("run", AB, `/data/mlruns/1/${AB}/artifacts`);

/** What holds the tree of run AB. */
function holderFor(other: DatabaseRow): DatabaseRow | null {
  const rows = [own, row("experiment", "1", "/data/mlruns/1"), other];
  return treeHolders(rows)(`/data/mlruns/1/${AB}`, (one) => one === own);
}

Deno.test("treeHolders() holds a tree that another row's location is, lies in, lies around, or names", () => {
  const holding = [
    row("run", CD, own.location),
    row("run", CD, `file:///data/mlruns/1/${AB}/artifacts/nested/${CD}/artifacts`),
    row("run", CD, `/data/mlruns/1/`),
    row("experiment", "2", `/data/mlruns/1/${AB}`),
    row("experiment", "2", `/data/./mlruns//2/../1/${AB}/artifacts`),
    row("logged-model", `m-${CD}`, `/data/mlruns/1/${AB}/m-${CD}/artifacts`),
    row("trace", `tr-${CD}`, `/data/mlruns/1/${AB}/traces`),
    row("model-version", "churn v1", `${own.location}/model`),
    row("model-version", "churn v1", `runs:/${AB}/model`),
    row("model-version", "churn v1", `mlflow-artifacts:/1/${AB}/artifacts/model`),
    row("run", CD, `./mlruns/1/${AB}/artifacts`),
    row("run", CD, `/mnt/same/mlruns/1/${AB}/artifacts`),
  ];
  for (const other of holding) assertEquals(holderFor(other), other);
});

Deno.test("treeHolders() lets a tree go that no other row's location has to do with", () => {
  const others = [
    row("run", CD, `/data/mlruns/1/${CD}/artifacts`),
    row("run", CD, `/data/mlruns/1/${AB}0/artifacts`),
    row("experiment", "0", "/data/mlruns"),
    row("model-version", "churn v1", `s3://bucket/1/${CD}/artifacts`),
    row("run", CD, ""),
  ];
  for (const other of others) assertEquals(holderFor(other), null);
});

Deno.test("treeHolders() holds an experiment's tree for what depends on where MLflow is started", () => {
  const experiment = row("experiment", "1", "/data/mlruns/1");
  const isGone = (one: DatabaseRow) => one === experiment;
  for (const location of [`./mlruns/1/${AB}/artifacts`, `mlflow-artifacts:/1/${AB}/artifacts`]) {
    const other = row("run", AB, location);
    assertEquals(treeHolders([experiment, other])("/data/mlruns/1", isGone), other);
  }
});

/** Few names, so that many lie in one another. */
const path = fc.array(fc.constantFrom("1", "2", AB, CD, "artifacts"), {
  minLength: 1,
  maxLength: 4,
})
  .map((names) => `/r/${names.join("/")}`);
const anyRow = fc.record({
  kind: fc.constantFrom<DatabaseRow["kind"]>("experiment", "run", "model-version"),
  id: fc.constantFrom("1", "2", AB, CD),
  location: path,
});

Deno.test("treeHolders() finds a holder where a look at each row finds one", () => {
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 8 }), path, fc.nat(7), (rows, tree, gone) => {
      const isGone = (one: DatabaseRow) => one === rows[gone];
      const holds = ({ kind, id, location }: DatabaseRow) => {
        const name = tree.slice(tree.lastIndexOf("/") + 1);
        return `${location}/`.startsWith(`${tree}/`) ||
          kind !== "experiment" && tree.startsWith(`${location}/`) ||
          name.length === 32 && name !== id && location.split("/").includes(name);
      };
      const found = treeHolders(rows)(tree, isGone);
      if (found !== null) assert(!isGone(found) && holds(found));
      else assertEquals(rows.filter((one) => !isGone(one) && holds(one)), []);
    }),
  );
});
