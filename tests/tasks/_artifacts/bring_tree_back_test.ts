import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { asStorePath } from "../../../lib/store/path.ts";
import { bringTreesBack, treeCollision } from "../../../tasks/_artifacts/bring_tree_back.ts";
import { copyAhead, setAside } from "../../../tasks/_artifacts/set_aside.ts";
import { findTree } from "../../../tasks/_artifacts/tree_place.ts";
import { artifactPlace, DISKS, pathsOf, treeAt } from "../../_support/artifact_place.ts";
import { writeFiles } from "../../_support/disk_store.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";

const RUN = { "1/ab/artifacts/model.bin": "weights", "1/ab/artifacts/plots/loss.svg": "<svg/>" };
const ab = treeAt("1/ab");

for (const disks of DISKS) {
  Deno.test(`bringTreesBack() replaces nothing that was put in the place of a tree, with ${disks}`, async () => {
    await using place = await artifactPlace(disks);
    writeFiles(place.root, RUN);
    const { target, aside } = pathsOf(place, "1/ab");
    await setAside(place, [ab], { keepBackup: true });
    writeFiles(place.root, { "1/ab/artifacts/new": "logged since" });
    const [before, kept] = [await readTree(place.root), await readTree(aside)];
    const message = `${target} exists again, and ${aside} would replace it`;
    assertEquals(await treeCollision(place, ab), message);
    assertEquals(await bringTreesBack(place, [ab]), [{ kind: "stays", message }]);
    assertSameTree(await readTree(place.root), before);
    assertSameTree(await readTree(aside), kept);
  });

  Deno.test(`bringTreesBack() makes the way to a tree, and replaces an empty directory, with ${disks}`, async () => {
    await using place = await artifactPlace(disks);
    writeFiles(place.root, { ...RUN, "2/cd/x": "y" });
    const trees = [ab, treeAt("2/cd")];
    const before = await readTree(place.root);
    await setAside(place, trees, { keepBackup: true });
    for (const path of ["1", "2"]) Deno.removeSync(join(place.root, path));
    writeFiles(place.root, { "2/cd": null });
    assertEquals(await bringTreesBack(place, trees), [
      { kind: "in-place", isNew: true },
      { kind: "in-place", isNew: true },
    ]);
    assertEquals([...(await readTree(place.root)).keys()], [...before.keys()]);
  });
}

Deno.test("bringTreesBack() finds what is in its place, and what is nowhere", async () => {
  await using place = await artifactPlace();
  writeFiles(place.root, RUN);
  assertEquals(await bringTreesBack(place, [ab, treeAt("1/cd")]), [
    { kind: "in-place", isNew: false },
    { kind: "absent" },
  ]);
});

Deno.test("bringTreesBack() gives up the copy of a tree that never left its place", async () => {
  await using place = await artifactPlace("two disks");
  writeFiles(place.root, RUN);
  const before = await readTree(place.root);
  await copyAhead(place, ab);
  assertEquals(await bringTreesBack(place, [ab]), [{ kind: "in-place", isNew: false }]);
  assertSameTree(await readTree(place.root), before);
  assertEquals(findTree(place, ab), "in-place");
});

Deno.test("bringTreesBack() goes on where a way back from another disk was cut off", async () => {
  await using place = await artifactPlace("two disks");
  writeFiles(place.root, RUN);
  const before = await readTree(place.root);
  const inside = await readTree(join(place.root, "1"));
  const { coming, copied } = pathsOf(place, "1/ab");
  await setAside(place, [ab], { keepBackup: true });
  writeFiles(coming, { "ab/artifacts/model.bin": "wei" });
  writeFiles(copied, { "artifacts/model.bin": "" });
  await bringTreesBack(place, [ab]);
  assertEquals([...(await readTree(place.root)).keys()], [...before.keys()]);
  assertSameTree(await readTree(join(place.root, "1")), inside);
});

Deno.test("bringTreesBack() follows no link that leads out of the artifact root", async () => {
  await using place = await artifactPlace();
  writeFiles(place.root, RUN);
  await setAside(place, [ab], { keepBackup: true });
  Deno.removeSync(join(place.root, "1"));
  Deno.mkdirSync(join(place.root, "..", "outside"));
  Deno.symlinkSync("../outside", join(place.root, "1"));
  const [one] = await bringTreesBack(place, [ab]);
  assert(one?.kind === "stays");
  assertMatch(one.message, /mlruns\/1: a symbolic link leads to it, and .*\/1\/ab belongs there$/);
  assertEquals([...Deno.readDirSync(join(place.root, "..", "outside"))], []);
});

Deno.test("bringTreesBack() brings a tree back by itself, and what it was taken out of around it", async () => {
  for (const disks of DISKS) {
    for (const apart of [[ab], []]) {
      await using place = await artifactPlace(disks);
      writeFiles(place.root, { ...RUN, "1/models/m-1/MLmodel": "", "1/models/m-2/MLmodel": "" });
      writeFiles(place.root, { ...disks === "one disk" ? { "1/notes.txt": "mine" } : {} });
      Deno.chmodSync(join(place.root, "1"), 0o750);
      const before = await readTree(place.root);
      await setAside(place, [...apart, treeAt("1")], { keepBackup: true });
      const within = asStorePath("1");
      const own = apart.length === 0 ? { ...ab, within } : ab;
      const model = { ...treeAt("1/models/m-2"), within };
      assertEquals(await bringTreesBack(place, [own, model]), [
        { kind: "in-place", isNew: true },
        { kind: "in-place", isNew: true },
      ]);
      assertEquals(
        [...(await readTree(place.root)).keys()].filter((path) => /file|artifacts|m-/.test(path)),
        [...before.keys()].filter((path) => /artifacts|m-2/.test(path)),
      );
      writeFiles(place.root, { "1/models/m-1/other": "" });
      assertMatch(await treeCollision(place, treeAt("1")) ?? "", /models\/m-1 exists again/);
      Deno.removeSync(join(place.root, "1/models/m-1"), { recursive: true });
      await bringTreesBack(place, [treeAt("1")]);
      const after = await readTree(place.root);
      assertEquals([...after.keys()], [...before.keys()]);
      if (apart.length === 0) assertSameTree(after, before);
      assertEquals([...Deno.readDirSync(place.trees)], [], disks);
    }
  }
});
