import { assert, assertEquals } from "@std/assert";
import { freeTrees, measureKept } from "../../../tasks/_artifacts/free_trees.ts";
import { setAside } from "../../../tasks/_artifacts/set_aside.ts";
import { findTree } from "../../../tasks/_artifacts/tree_place.ts";
import { artifactPlace, CHANGE, DISKS, pathsOf, treeAt } from "../../_support/artifact_place.ts";
import { writeFiles } from "../../_support/disk_store.ts";

const RUNS = { "1/ab/artifacts/a": "weights", "1/cd/artifacts/b": "weights", "1/ef/c": "stays" };
const trees = ["1/ab", "1/cd"].map(treeAt);
const paths = trees.map(({ path }) => path);

for (const disks of DISKS) {
  for (const keepBackup of [true, false]) {
    Deno.test(`freeTrees() frees a change's trees alone, ${keepBackup ? "kept" : "not kept"}, with ${disks}`, async () => {
      await using place = await artifactPlace(disks);
      writeFiles(place.root, RUNS);
      await setAside(place, trees, { keepBackup });
      const kept = await measureKept(place, CHANGE);
      assertEquals(kept?.files, keepBackup ? 2 : 0);
      writeFiles(pathsOf(place, "1/ab").coming, { "ab/a": "half" });
      assertEquals(await freeTrees(place, CHANGE, paths), []);
      assertEquals(trees.map((tree) => findTree(place, tree)), ["absent", "absent"]);
      assertEquals([...Deno.readDirSync(`${place.root}/1`)].map(({ name }) => name), ["ef"]);
      assertEquals(await measureKept(place, CHANGE), { bytes: 0, files: 0 });
      assertEquals(await freeTrees(place, CHANGE, paths), []);
    });
  }
}

Deno.test("freeTrees() leaves what is in its place, and stops when it is told to", async () => {
  await using place = await artifactPlace();
  writeFiles(place.root, RUNS);
  await setAside(place, trees, { keepBackup: false });
  writeFiles(place.root, { "1/ab/new": "logged since" });
  await freeTrees(place, CHANGE, paths, { signal: AbortSignal.abort() });
  assertEquals(findTree(place, trees[1]!), "set-aside");
  await freeTrees(place, CHANGE, paths);
  assert(Deno.statSync(`${place.root}/1/ab/new`).isFile);
});
