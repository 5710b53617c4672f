import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "../../../_support/fast_check.ts";
import { comparePaths, isInScope } from "../../../../lib/backup/plan_backup.ts";
import { walkTree } from "../../../../tasks/_io/tree/walk_tree.ts";
import { anyTree, writeAnyTree } from "../../../_support/any_tree.ts";
import { writeFiles } from "../../../_support/disk_store.ts";
import { tempDirectory } from "../../../_support/temp_directory.ts";
import { readTree } from "../../../_support/tree.ts";

Deno.test("walkTree() finds everything once, in the order of paths, and follows no link", async () => {
  await fc.assert(
    fc.asyncProperty(anyTree, async (tree) => {
      await using place = await tempDirectory();
      const base = join(place.path, "tree");
      writeAnyTree(base, tree, 1e12);
      const found = (await Array.fromAsync(walkTree(base))).map(({ path, kind }) =>
        [path, kind] as const
      );
      const expected = [...await readTree(base)].map(([path, { kind }]) => [path, kind] as const);
      assertEquals(found, expected.sort(([one], [other]) => comparePaths(one, other)));
    }),
    { numRuns: 50 },
  );
});

Deno.test("walkTree() enters only what it is told to, and names the way only when it leads somewhere", async () => {
  await using place = await tempDirectory();
  writeFiles(place.path, { "7/ab/meta.yaml": "", "7/cd/meta.yaml": "", "8/ef/meta.yaml": "" });
  const scope = { kind: "run", id: "ab" } as const;
  assertEquals(
    (await Array.fromAsync(walkTree(place.path, (path) => isInScope(scope, path)))).map((
      { path },
    ) => path),
    ["7", "7/ab", "7/ab/meta.yaml"],
  );
});

Deno.test("walkTree() does not enter a directory that is swapped for a link meanwhile", async () => {
  await using place = await tempDirectory();
  const [base, outside] = [join(place.path, "base"), join(place.path, "outside")];
  writeFiles(base, { "a/file": "", "b/file": "" });
  writeFiles(outside, { "secret": "" });
  const found: string[] = [];
  for await (const one of walkTree(base)) {
    found.push(`${one.kind} ${one.path}`);
    if (one.path !== "b" || one.kind !== "directory") continue;
    Deno.removeSync(join(base, "b"), { recursive: true });
    Deno.symlinkSync(outside, join(base, "b"));
  }
  assertEquals(found, ["directory a", "file a/file", "directory b", "unreadable b"]);
});

Deno.test("walkTree() names what has no valid name, and passes over what has gone", async () => {
  if (Deno.build.os !== "linux") return;
  await using place = await tempDirectory();
  writeFiles(place.path, { "a/file": "", "b": "" });
  const bytes = await new Deno.Command("sh", {
    args: ["-c", 'touch "$(printf "a/\\377")"'],
    cwd: place.path,
  }).output();
  assertEquals(bytes.success, true);
  const found: string[] = [];
  for await (const one of walkTree(place.path)) {
    found.push(`${one.kind} ${one.path}`);
    if (one.path === "a/file") Deno.removeSync(join(place.path, "b"));
  }
  assertEquals(found, ["directory a", "file a/file", "unreadable a/\ufffd"]);
});

Deno.test("walkTree() finds once what is called as another name is shown, and tells of the other one", async () => {
  await using place = await tempDirectory();
  const script =
    "printf a > \"$1/caf$(printf '\\351')\"; printf b > \"$1/caf$(printf '\\357\\277\\275')\"";
  await new Deno.Command("sh", { args: ["-c", script, "sh", place.path] }).output();
  const found = await Array.fromAsync(walkTree(place.path));
  assertEquals(found.map(({ kind, path }) => [kind, path]), [
    ["file", "caf\uFFFD"],
    ["unreadable", "caf\uFFFD"],
  ]);
});
