import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { assertSameTree, readTree, type Tree, treeDifferences, type TreeEntry } from "./tree.ts";

Deno.test("readTree() records all but what is excepted, without following links", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(root, "0", "artifacts"), { recursive: true });
    await Deno.mkdir(join(root, ".own", "backups"), { recursive: true });
    await Deno.writeTextFile(join(root, "0", "설명"), "\uFEFF여러\r\n줄", { mode: 0o640 });
    await Deno.writeFile(join(root, "0", "model.pkl"), new Uint8Array([0x80, 0xff]));
    await Deno.symlink("0", join(root, "link"));
    const time = new Date("2026-05-01T00:00:00.123Z");
    for (const path of ["0/artifacts", "0/설명", "0/model.pkl", "0"]) {
      await Deno.chmod(join(root, path), 0o750);
      await Deno.utime(join(root, path), time, time);
    }
    const base = { mode: 0o750, mtimeMs: time.getTime() };
    const tree = await readTree(root, { except: [".own"] });
    const link = tree.get("link");

    assertEquals([...tree], [
      ["0", { kind: "directory", ...base }],
      ["0/artifacts", { kind: "directory", ...base }],
      ["0/model.pkl", {
        kind: "file",
        ...base,
        content: "sha-256 d87d01642f47a0d1901b1dfd2331c9def1bcfc69d8835c6cd911fe4165b804e4",
      }],
      ["0/설명", { kind: "file", ...base, content: "\uFEFF여러\r\n줄" }],
      ["link", { kind: "link", mode: link?.mode ?? 0, mtimeMs: link?.mtimeMs ?? 0, target: "0" }],
    ]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("treeDifferences() names each path and field that differs", () => {
  const file = (content: string, mtimeMs: number): TreeEntry => (
    { kind: "file", mode: 0o644, mtimeMs, content }
  );
  const directory: TreeEntry = { kind: "directory", mode: 0o755, mtimeMs: 1 };
  const expected: Tree = new Map<string, TreeEntry>([
    ["a", file("a", 1)],
    ["b", file("a", 1)],
    ["c", directory],
    ["d", file("a", 1)],
  ]);
  const actual: Tree = new Map<string, TreeEntry>([
    ["a", file("a", 1)],
    ["b", file("b", 2)],
    ["d", directory],
    ["e", file("a", 1)],
  ]);

  assertEquals(treeDifferences(actual, expected), [
    "b: mtimeMs 2, expected 1",
    'b: content "b", expected "a"',
    "c: missing",
    'd: kind "directory", expected "file"',
    "d: mode 493, expected 420",
    'd: content nothing, expected "a"',
    "e: unexpected file",
  ]);
  assertEquals(treeDifferences(expected, expected), []);
});

Deno.test("assertSameTree() throws when trees differ", () => {
  const tree: Tree = new Map([["a", { kind: "directory", mode: 0o755, mtimeMs: 1 }]]);
  assertSameTree(tree, new Map(tree));
  assertThrows(() => assertSameTree(new Map(), tree), Error, "a: missing");
});
