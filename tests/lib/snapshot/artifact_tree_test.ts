import { assertEquals } from "@std/assert";
import { type ArtifactOwner, artifactTreeOf } from "../../../lib/snapshot/artifact_tree.ts";

const ROOT = "/data/mlruns";

function treeOf(kind: ArtifactOwner["kind"], id: string, location: string): string {
  const tree = artifactTreeOf(ROOT, { kind, id, location });
  return tree.kind === "tree" ? tree.path : tree.message;
}

Deno.test("artifactTreeOf() names trees that lie as MLflow makes them", () => {
  assertEquals(treeOf("run", "ab", "/data/mlruns/1/ab/artifacts"), "1/ab");
  assertEquals(treeOf("run", "ab", "file:///data/mlruns/1/ab/artifacts"), "1/ab");
  assertEquals(treeOf("run", "ab", "/data/mlruns/team/churn/ab/artifacts"), "team/churn/ab");
  assertEquals(
    treeOf("logged-model", "m-1", "/data/mlruns/1/models/m-1/artifacts"),
    "1/models/m-1",
  );
  assertEquals(treeOf("experiment", "1", "file:///data/mlruns/1"), "1");
});

Deno.test("artifactTreeOf() says of all others where they stay", () => {
  const stays = (place: string) =>
    `its artifacts stay in ${place}: expected them below ${ROOT}, as MLflow makes them`;
  const locations: readonly (readonly [kind: ArtifactOwner["kind"], location: string])[] = [
    ["run", "s3://bucket/1/ab/artifacts"],
    ["run", "mlflow-artifacts:/1/ab/artifacts"],
    ["run", "/data/mlruns/1/cd/artifacts"],
    ["run", "/data/mlruns/1/ab"],
    ["run", "/data/mlruns/../etc/ab/artifacts"],
    ["run", "/data/mlruns/1//ab/artifacts"],
    ["run", "./mlruns/1/ab/artifacts"],
    ["run", "/data/mlruns2/1/ab/artifacts"],
    ["run", ""],
    ["experiment", "/data/mlruns"],
    ["experiment", "/data/mlruns/2"],
  ];
  for (const [kind, location] of locations) {
    assertEquals(treeOf(kind, "ab", location), stays(location));
  }
  assertEquals(
    treeOf("run", "ab", "s3://key:secret@bucket/ab/artifacts").includes("secret"),
    false,
  );
});
