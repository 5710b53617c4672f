import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { UnsupportedStoreError } from "../../../../lib/errors.ts";
import { acquireLock } from "../../../../tasks/_file/own/lock.ts";
import { ensureOwnDirectory, inOwnDirectory } from "../../../../tasks/_file/own/own_directory.ts";
import { openWriting } from "../../../../tasks/_file/own/place.ts";
import { NOW } from "../../../_support/builders.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o7777;

Deno.test("ensureOwnDirectory() makes a directory that says what it is", async () => {
  await using store = await tempStore();
  const before = Deno.statSync(store.root).mtime;
  const paths = ensureOwnDirectory(store.root);
  assertEquals(paths.own, join(store.root, ".mltidy.trash"));
  assertStringIncludes(
    Deno.readTextFileSync(join(paths.own, "README.txt")),
    "It may hold the only copy of runs",
  );
  assertEquals(Deno.statSync(store.root).mtime, before, "the root's time stays");
  const once = await readTree(paths.own);
  ensureOwnDirectory(store.root);
  assertSameTree(await readTree(paths.own), once, "a second call changes nothing");
});

Deno.test("ensureOwnDirectory() uses nothing that is no directory of ours", async () => {
  await using store = await tempStore();
  const own = join(store.root, ".mltidy.trash");
  Deno.symlinkSync(store.outside, own);
  assertThrows(() => ensureOwnDirectory(store.root), UnsupportedStoreError, "a symbolic link");
  assertEquals([...Deno.readDirSync(store.outside)], []);
  Deno.removeSync(own);
  writeFiles(store.root, { ".mltidy.trash": "" });
  assertThrows(() => ensureOwnDirectory(store.root), UnsupportedStoreError, "a file");
});

Deno.test("ensureOwnDirectory() takes no directory for ours that holds what we would not write", async () => {
  for (const readme of [{}, { ".mltidy.trash/README.txt": "" }]) {
    for (const thesis of ["thesis.txt", "staging/thesis.txt", "writing/thesis.txt"]) {
      await using store = await tempStore();
      writeFiles(store.root, { ...readme, [`.mltidy.trash/${thesis}`]: "mine" });
      assertThrows(() => ensureOwnDirectory(store.root), UnsupportedStoreError, thesis);
    }
  }
});

Deno.test({
  name: "ensureOwnDirectory() gives away what was made for another account and not given to it",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  fn: async () => {
    await using store = await tempStore();
    Deno.chownSync(store.root, 5001, 7000);
    Deno.chmodSync(store.root, 0o770);
    for (const place of ["", "journal", "staging", "backups"]) {
      const path = join(ensureOwnDirectory(store.root).own, place);
      Deno.chownSync(path, 0, 0);
      Deno.chmodSync(path, 0o700);
      ensureOwnDirectory(store.root);
      const { uid, gid } = Deno.statSync(path);
      assertEquals([uid, gid, modeOf(path)], [5001, 7000, 0o770], place);
      // What its owner has closed stays closed.
      Deno.chmodSync(path, 0o700);
      ensureOwnDirectory(store.root);
      assertEquals(modeOf(path), 0o700, place);
      Deno.chmodSync(path, 0o770);
    }
  },
});

Deno.test("ensureOwnDirectory() completes a README.txt that another process has just begun", async () => {
  await using store = await tempStore();
  const readme = join(ensureOwnDirectory(store.root).own, "README.txt");
  const text = Deno.readTextFileSync(readme);
  using other = Deno.openSync(readme, { write: true, truncate: true });
  for (const part of ["", text.slice(0, 40)]) {
    other.writeSync(new TextEncoder().encode(part));
    ensureOwnDirectory(store.root);
    assertEquals(Deno.readTextFileSync(readme), text);
    assertEquals(Deno.statSync(readme).ino, other.statSync().ino, "the other still writes there");
  }
  const elsewhere = join(store.outside, "empty");
  Deno.writeTextFileSync(elsewhere, "");
  Deno.removeSync(readme);
  Deno.linkSync(elsewhere, readme);
  ensureOwnDirectory(store.root);
  assertEquals(Deno.readTextFileSync(elsewhere), "", "it is another name of somebody's file");
});

for (const mode of [0o700, 0o755, 0o775, 0o2775, 0o1777]) {
  Deno.test({
    name: `our directory is as open as its store: ${mode.toString(8)}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using store = await tempStore();
      Deno.chmodSync(store.root, mode);
      ensureOwnDirectory(store.root);
      acquireLock(store.root, "cleanup", NOW)[Symbol.dispose]();
      openWriting(store.root);
      const own = join(store.root, ".mltidy.trash");
      const passage = mode & 0o002 ? mode : mode & ~0o007;
      assertEquals(
        Object.fromEntries(
          [...Deno.readDirSync(own)].map(({ name }) => [name, modeOf(join(own, name))]),
        ),
        {
          "README.txt": mode & 0o666,
          lock: mode & 0o666,
          backups: mode,
          journal: mode,
          staging: passage,
          writing: passage,
        },
      );
      assertEquals(modeOf(own), mode);
    },
  });
}

Deno.test({
  name: "what the root account makes in a store belongs to the store's owner",
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  async fn() {
    await using store = await tempStore();
    Deno.chmodSync(store.root, 0o2770);
    Deno.chownSync(store.root, 1234, 4321);
    const paths = ensureOwnDirectory(store.root);
    acquireLock(store.root, "cleanup", NOW)[Symbol.dispose]();
    for (const path of [paths.own, paths.journals, paths.lock]) {
      const { uid, gid } = Deno.statSync(path);
      assertEquals([uid, gid], [1234, 4321]);
    }
  },
});

Deno.test("inOwnDirectory() says how to open our directory where another account keeps it closed", async () => {
  await using store = await tempStore();
  const { own } = ensureOwnDirectory(store.root);
  const refuse = () =>
    inOwnDirectory(store.root, () => {
      throw new Deno.errors.PermissionDenied("Permission denied (os error 13), open 'lock'");
    });
  const { uid } = Deno.statSync(own);
  assertThrows(
    refuse,
    Deno.errors.PermissionDenied,
    `Permission denied: ${own} is closed to this account; as its owner, user ${uid}, type chmod g+rwX ${own} ${own}/*`,
  );
  Deno.removeSync(own, { recursive: true });
  assertThrows(refuse, Deno.errors.PermissionDenied, "(os error 13)");
});
