import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { InvalidArgumentError } from "../../../../lib/errors.ts";
import {
  findArtifactRoot,
  refuseAmong,
} from "../../../../tasks/_database/trees/among_artifacts.ts";
import { readTables } from "../../../../tasks/_database/scan/tables.ts";

function rootOf(locations: readonly string[], served: string | null): string | null {
  using database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE experiments (experiment_id INTEGER, artifact_location TEXT)");
  const insert = database.prepare("INSERT INTO experiments VALUES (?, ?)");
  for (const [id, location] of locations.entries()) insert.run(id, location);
  return findArtifactRoot({ ...readTables(database), served });
}

Deno.test("the artifacts of a database lie where its rows say, or from where a server serves them", () => {
  const served = ["mlflow-artifacts:/0", "mlflow-artifacts:/1"];
  assertEquals(rootOf(["/data/mlruns/0", "file:///data/mlruns/1"], null), "/data/mlruns");
  assertEquals(rootOf(served, "/data/mlartifacts"), "/data/mlartifacts");
  assertEquals(rootOf(served, null), null);
  assertEquals(rootOf(served, "s3://bucket/mlflow"), null);
});

Deno.test("a directory among what belongs to a database is refused, and no other", () => {
  const refuse = (real: string) =>
    refuseAmong(real, [null, "/data/mlruns"], {
      ...{ what: "keep backups in", instead: "leave out --backups" },
      location: "postgresql://db/mlflow",
    });
  for (const real of ["/data/mlruns", "/data/mlruns/1/kept"]) {
    assertThrows(
      () => refuse(real),
      InvalidArgumentError,
      `Cannot keep backups in ${real}: it lies in /data/mlruns, which belongs to store postgresql://db/mlflow; name a directory elsewhere, or leave out --backups`,
    );
  }
  refuse("/data/mlruns-kept");
  refuse("/data");
});
