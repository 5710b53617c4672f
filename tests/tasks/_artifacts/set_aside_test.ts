import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import { bringTreesBack } from "../../../tasks/_artifacts/bring_tree_back.ts";
import { checkTree, copyAhead, setAside } from "../../../tasks/_artifacts/set_aside.ts";
import { findTree, isPassing } from "../../../tasks/_artifacts/tree_place.ts";
import { type AnyNode, anyTree, writeAnyTree } from "../../_support/any_tree.ts";
import { artifactPlace, DISKS, pathsOf, treeAt } from "../../_support/artifact_place.ts";
import { writeFiles } from "../../_support/disk_store.ts";
import fc from "../../_support/fast_check.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";

const RUN = { "1/ab/artifacts/model.bin": "weights", "1/ab/artifacts/plots/loss.svg": "<svg/>" };
const LONG_AGO = new Date(981173106000);
const isRoot = Deno.build.os !== "windows" && Deno.uid() === 0;

/** Who may not do everything cannot take anything out of a closed directory. */
function openOf(node: AnyNode): AnyNode {
  if (isRoot || node.kind !== "directory") return node;
  const children = Object.entries(node.children).map(([name, child]) => [name, openOf(child)]);
  return { ...node, mode: node.mode | 0o700, children: Object.fromEntries(children) };
}

for (const disks of DISKS) {
  Deno.test(`setAside() and bringTreesBack() give any tree back as it was, with ${disks}`, async () => {
    await fc.assert(
      fc.asyncProperty(anyTree, async (tree) => {
        await using place = await artifactPlace(disks);
        Deno.mkdirSync(join(place.root, "1"));
        writeAnyTree(join(place.root, "1", "ab"), openOf(tree), LONG_AGO.getTime());
        Deno.utimeSync(join(place.root, "1"), LONG_AGO, LONG_AGO);
        const before = await readTree(place.root);
        const ab = treeAt("1/ab");
        const [aside] = await setAside(place, [ab], { keepBackup: true });
        assertEquals(aside!.kind, "set-aside");
        assertEquals([...(await readTree(place.root)).keys()], ["1"]);
        assertEquals(findTree(place, ab), "set-aside");
        assertEquals(await bringTreesBack(place, [ab]), [{ kind: "in-place", isNew: true }]);
        assertSameTree(await readTree(place.root), before);
        assertEquals([...Deno.readDirSync(place.trees), ...Deno.readDirSync(place.staging)], []);
      }),
      { numRuns: 15 },
    );
  });

  Deno.test(`setAside() takes runs, models, then their experiment, and all come back, with ${disks}`, async () => {
    await using place = await artifactPlace(disks);
    writeFiles(place.root, { ...RUN, "1/models/m-1/artifacts/MLmodel": "x", "1/note": "of mine" });
    const before = await readTree(place.root);
    const trees = ["1/ab", "1/models/m-1", "1"].map(treeAt);
    const kinds = (await setAside(place, trees, { keepBackup: true })).map(({ kind }) => kind);
    assertEquals(kinds, ["set-aside", "set-aside", "set-aside"]);
    assertEquals([...Deno.readDirSync(place.root)], []);
    assertEquals(await setAside(place, trees, { keepBackup: true }), [
      { kind: "absent" },
      { kind: "absent" },
      { kind: "absent" },
    ]);
    await bringTreesBack(place, trees.toReversed());
    assertSameTree(await readTree(place.root), before);
  });

  Deno.test(`setAside() lets what is not to be kept only leave its place, with ${disks}`, async () => {
    await using place = await artifactPlace(disks);
    writeFiles(place.root, RUN);
    const before = await readTree(place.root);
    const ab = treeAt("1/ab");
    const [gone] = await setAside(place, [ab], { keepBackup: false });
    assertEquals(gone?.kind, "set-aside");
    assertEquals(findTree(place, ab), "set-aside");
    assertEquals(await bringTreesBack(place, [ab]), [{ kind: "in-place", isNew: true }]);
    assertSameTree(await readTree(place.root), before);
  });
}

Deno.test({
  name:
    "setAside() keeps owners, set-ID bits, names of one file and closed directories on another disk",
  ignore: !isRoot,
  async fn() {
    await using place = await artifactPlace("two disks");
    writeFiles(place.root, { ...RUN, "1/ab/closed/tool": "#!" });
    const at = (path: string) => join(place.root, "1/ab", path);
    Deno.linkSync(at("artifacts/model.bin"), at("artifacts/same.bin"));
    Deno.chownSync(at("closed/tool"), 1234, 4321);
    Deno.chmodSync(at("closed/tool"), 0o4755);
    Deno.chmodSync(at("closed"), 0o050);
    const look = () =>
      ["", "closed", "closed/tool", "artifacts/model.bin"].map((path) => {
        const { uid, gid, mode, nlink, mtime } = Deno.lstatSync(at(path));
        return [uid, gid, mode, nlink, mtime?.getTime()];
      });
    const before = look();
    await setAside(place, [treeAt("1/ab")], { keepBackup: true });
    await bringTreesBack(place, [treeAt("1/ab")]);
    assertEquals(look(), before);
  },
});

Deno.test({
  name: "setAside() keeps a tree as closed as all that led to it",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using place = await artifactPlace();
    writeFiles(place.root, { ...RUN, "2/cd/artifacts/x": "open" });
    Deno.chmodSync(dirname(place.root), 0o755);
    Deno.chmodSync(join(place.root, "1"), 0o750);
    await setAside(place, ["1/ab", "2/cd"].map(treeAt), { keepBackup: true });
    const modeOf = (path: string) =>
      Deno.statSync(dirname(pathsOf(place, path).aside)).mode! & 0o777;
    assertEquals([modeOf("1/ab"), modeOf("2/cd")], [0o750, 0o755]);
  },
});

Deno.test("setAside() leaves what is no directory of its own, what a link leads to, and what is not what it was", async () => {
  await using place = await artifactPlace();
  writeFiles(place.root, { ...RUN, "1/file": "text", "2/cd/x": "y" });
  Deno.symlinkSync(join(place.root, "2"), join(place.root, "3"));
  Deno.symlinkSync(join(place.root, "1/ab"), join(place.root, "1/link"));
  const before = await readTree(place.root);
  const trees = [
    ...["1/file", "1/link", "3/cd", "1/none"].map(treeAt),
    { ...treeAt("1/ab"), stamp: "another" },
  ];
  const results = await setAside(place, trees, { keepBackup: true });
  assertEquals(
    results.map((one) =>
      one.kind === "stays" ? one.message.replaceAll(place.root, "ROOT") : one.kind
    ),
    [
      "ROOT/1/file is a file, not a directory",
      "ROOT/1/link is a symbolic link, not a directory",
      "ROOT/3: a symbolic link leads to it",
      "absent",
      "ROOT/1/ab has changed since it was looked at",
    ],
  );
  assertSameTree(await readTree(place.root), before);
});

Deno.test("setAside() puts a tree back that is another than was found before, though nobody looked again", async () => {
  await using place = await artifactPlace();
  writeFiles(place.root, { ...RUN, "1/cd/x": "y", "1/ef/x": "y" });
  const trees = [];
  for (const tree of ["1/ab", "1/cd", "1/ef"].map(treeAt)) {
    const found = await checkTree(place, tree);
    assert(found.kind === "found");
    trees.push({ ...tree, found });
  }
  writeFiles(place.root, { "1/ab/late": "written since" });
  Deno.removeSync(join(place.root, "1/ef"), { recursive: true });
  const before = await readTree(join(place.root, "1/ab"));
  const results = await setAside(place, trees, { keepBackup: true });
  assertEquals(results.map(({ kind }) => kind), ["stays", "set-aside", "absent"]);
  assertSameTree(await readTree(join(place.root, "1/ab")), before);
});

for (const keepBackup of [true, false]) {
  Deno.test(`setAside() takes very many trees but the one that has changed, ${keepBackup ? "to be brought back" : "for good"}`, async () => {
    await using place = await artifactPlace();
    const paths = Array.from({ length: 70 }, (_, number) => `1/${100 + number}`);
    const changed = paths[40]!;
    writeFiles(place.root, Object.fromEntries(paths.map((path) => [`${path}/x`, path])));
    const trees = [];
    for (const tree of paths.map(treeAt)) {
      const found = await checkTree(place, tree);
      assert(found.kind === "found");
      trees.push({ ...tree, found });
    }
    writeFiles(place.root, { [`${changed}/late`]: "written since" });
    const results = await setAside(place, trees, { keepBackup });
    assertEquals(results.map(({ kind }) => kind), [
      ...Array(40).fill("set-aside"),
      "stays",
      ...Array(29).fill("set-aside"),
    ]);
    const left = [...Deno.readDirSync(join(place.root, "1"))].map(({ name }) => name)
      .filter((name) => !isPassing(name));
    assertEquals(left, ["140"]);
    const gone = trees.filter(({ path }) => path !== changed);
    for (const one of gone) assertEquals(findTree(place, one), "set-aside");
  });
}

Deno.test("setAside() leaves a tree that holds our own directory", async () => {
  await using place = await artifactPlace();
  writeFiles(place.root, { "old/x": "y" });
  const inside = { ...place, trees: join(place.root, "old/mlflow.db.mltidy/trees") };
  const [one] = await setAside(inside, [treeAt("old")], { keepBackup: true });
  assert(one?.kind === "stays");
  assertMatch(one.message, /holds our own directory$/);
});

Deno.test({
  name: "setAside() leaves a tree on another disk of which something cannot be copied",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using place = await artifactPlace("two disks");
    writeFiles(place.root, RUN);
    await new Deno.Command("mkfifo", { args: [join(place.root, "1/ab/pipe")] }).output();
    const before = [...Deno.readDirSync(join(place.root, "1/ab"))].map(({ name }) => name);
    const [one] = await setAside(place, [treeAt("1/ab")], { keepBackup: true });
    if (one?.kind === "stays") assertMatch(one.message, /pipe: it is no file$/);
    else assertEquals(Deno.statSync(place.root).dev, Deno.statSync(place.trees).dev);
    if (one?.kind !== "stays") return;
    assertEquals([...Deno.readDirSync(join(place.root, "1/ab"))].map(({ name }) => name), before);
    assertEquals([...Deno.readDirSync(place.staging)], []);
    assertEquals(findTree(place, treeAt("1/ab")), "in-place");
  },
});

Deno.test("copyAhead() copies to another disk, and setAside() then only lets the original go", async () => {
  await using place = await artifactPlace("two disks");
  writeFiles(place.root, RUN);
  const before = await readTree(place.root);
  const ab = treeAt("1/ab");
  assertEquals(await copyAhead(place, ab), null);
  assertSameTree(await readTree(place.root), before);
  const [one] = await setAside(place, [ab], { keepBackup: true });
  assertEquals([one?.kind, findTree(place, ab)], ["set-aside", "set-aside"]);
  await bringTreesBack(place, [ab]);
  assertSameTree(await readTree(place.root), before);
});

Deno.test("setAside() goes on where a copy to another disk was cut off", async () => {
  await using place = await artifactPlace("two disks");
  writeFiles(place.root, RUN);
  const before = await readTree(place.root);
  const ab = treeAt("1/ab");
  await copyAhead(place, ab);
  // What was cut off earlier: a copy in the making.
  writeFiles(place.staging, { [`${ab.change}/ab/artifacts/model.bin`]: "weig" });
  const [one] = await setAside(place, [ab], { keepBackup: true });
  assertEquals(one?.kind, "set-aside");
  assertEquals(await bringTreesBack(place, [ab]), [{ kind: "in-place", isNew: true }]);
  assertSameTree(await readTree(place.root), before);
});

Deno.test("setAside() takes no copy for a tree that is different by now", async () => {
  await using place = await artifactPlace("two disks");
  writeFiles(place.root, RUN);
  const ab = treeAt("1/ab");
  await copyAhead(place, ab);
  if (findTree(place, ab) === "in-place") return;
  writeFiles(place.root, { "1/ab/artifacts/late": "more" });
  const [one] = await setAside(place, [ab], { keepBackup: true });
  assert(one?.kind === "stays");
  assertMatch(one.message, /is kept for it, and is different$/);
});

Deno.test("checkTree() tells what a tree takes, and when it last changed", async () => {
  await using place = await artifactPlace();
  writeFiles(place.root, RUN);
  const found = await checkTree(place, treeAt("1/ab"));
  assert(found.kind === "found");
  assertEquals(found.usage.files, 2);
  assert(found.usage.bytes > 0 && found.newestChange > 0 && found.stamp !== "");
});

Deno.test("copyAhead() stops when it is told to, and leaves no copy", async () => {
  await using place = await artifactPlace("two disks");
  writeFiles(place.root, RUN);
  if (Deno.statSync(place.root).dev === Deno.statSync(dirname(place.trees)).dev) return;
  const signal = AbortSignal.abort();
  await assertRejects(() => copyAhead(place, treeAt("1/ab"), { signal }), DOMException);
  assertEquals(findTree(place, treeAt("1/ab")), "in-place");
  assertEquals([...Deno.readDirSync(place.staging)], []);
});
