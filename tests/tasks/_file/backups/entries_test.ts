import { assertEquals, assertThrows } from "@std/assert";
import { DamagedBackupError } from "../../../../lib/errors.ts";
import { join } from "@std/path";
import fc from "../../../_support/fast_check.ts";
import type { BackupEntry } from "../../../../lib/backup/backup.ts";
import { comparePaths } from "../../../../lib/backup/plan_backup.ts";
import { asStorePath } from "../../../../lib/store/path.ts";
import { readEntries, writeEntries } from "../../../../tasks/_file/backups/entries.ts";
import { loadDigest } from "../../../../tasks/_io/tree/digest.ts";
import { tempDirectory } from "../../../_support/temp_directory.ts";

const digest = await loadDigest();
const SHA = "0".repeat(64);

const segment = fc.constantFrom("a", "a-b", "a b", "실험", "\u2028", '"', "\\", "\ud83d\ude00");
const leaf = fc.oneof(
  fc.record({ kind: fc.constant("file" as const), mode: fc.nat(0o7777), size: fc.nat() })
    .map((file) => ({ ...file, sha256: SHA })),
  fc.record({ kind: fc.constant("link" as const), target: fc.string() }),
  fc.record({ kind: fc.constant("directory" as const), mode: fc.nat(0o7777) }),
);
const listArbitrary = fc.dictionary(
  fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
  leaf,
  { maxKeys: 30 },
).map((leaves): readonly BackupEntry[] => {
  const parents = Object.keys(leaves).flatMap((path) =>
    path.split("/").slice(0, -1).map((_, index, all) => all.slice(0, index + 1).join("/"))
  );
  const all = new Map<string, BackupEntry>();
  for (const [path, rest] of Object.entries(leaves)) {
    all.set(path, { path: asStorePath(path), mtime: 1, ...rest });
  }
  for (const path of parents) {
    all.set(path, { path: asStorePath(path), mtime: 2, kind: "directory", mode: 0o755 });
  }
  return [...all.values()].sort((one, other) => comparePaths(one.path, other.path));
});

Deno.test("readEntries() gives back what writeEntries() wrote", async () => {
  await using place = await tempDirectory();
  let number = 0;
  fc.assert(fc.property(listArbitrary, (entries) => {
    const path = join(place.path, String(number++));
    using writer = writeEntries(path, digest);
    for (const entry of entries) writer.add(entry);
    const expected = writer.finish();
    assertEquals(expected.count, entries.length);
    assertEquals([...readEntries(path, expected, digest)], entries);
  }));
});

Deno.test("readEntries() reads lines that are longer than what it reads at once", async () => {
  await using place = await tempDirectory();
  const path = join(place.path, "entries.jsonl");
  const entries = ["a", "b", "c"].map((name): BackupEntry => ({
    path: asStorePath(name),
    mtime: 1,
    kind: "link",
    target: "é".repeat(100_000),
  }));
  using writer = writeEntries(path, digest);
  for (const entry of entries) writer.add(entry);
  assertEquals([...readEntries(path, writer.finish(), digest)], entries);
});

Deno.test("readEntries() refuses a line that is no entry", async () => {
  await using place = await tempDirectory();
  const path = join(place.path, "entries.jsonl");
  const sound = { path: "a", kind: "link", target: "b", mtime: 1 };
  const paths = [undefined, null, 7, true, ["a"], {}, "", "..", "/a", "a//b", "a\0"];
  const others = [{ mtime: null }, { target: 7 }, { kind: "socket" }, { kind: "file", mode: 1 }];
  for (const change of [...paths.map((path) => ({ path })), ...others]) {
    const line = `${JSON.stringify({ ...sound, ...change })}\n`;
    Deno.writeTextFileSync(path, line);
    const hash = digest();
    hash.update(new TextEncoder().encode(line));
    const { message } = assertThrows(
      () => [...readEntries(path, { count: 1, sha256: hash.finish() }, digest)],
      DamagedBackupError,
    );
    assertEquals(
      message,
      `Cannot read ${path}: line 1 is no entry; the backup is damaged, use another one`,
    );
  }
});

Deno.test("readEntries() names the list in whose place something else stands, and waits for no pipe", async () => {
  await using place = await tempDirectory();
  const at = (name: string) => join(place.path, name);
  Deno.symlinkSync("/etc/passwd", at("link"));
  Deno.mkdirSync(at("directory"));
  await new Deno.Command("mkfifo", { args: [at("pipe")] }).output();
  for (const name of ["link", "directory", "pipe"]) {
    assertThrows(
      () => [...readEntries(at(name), { count: 0, sha256: SHA }, digest)],
      DamagedBackupError,
      `Cannot read ${at(name)}: `,
    );
  }
});

Deno.test("readEntries() gives an error or a prefix of the truth, whatever is done to the list", async () => {
  await using place = await tempDirectory();
  const path = join(place.path, "entries.jsonl");
  let number = 0;
  fc.assert(
    fc.property(listArbitrary, fc.nat(), fc.nat(255), (entries, at, byte) => {
      const original = `${path}${number++}`;
      using writer = writeEntries(original, digest);
      for (const entry of entries) writer.add(entry);
      const expected = writer.finish();
      const bytes = Deno.readFileSync(original);
      if (bytes.length === 0 || bytes[at % bytes.length] === byte) return;
      bytes[at % bytes.length] = byte;
      Deno.writeFileSync(path, bytes);
      const { message } = assertThrows(
        () => [...readEntries(path, expected, digest)],
        DamagedBackupError,
      );
      assertEquals(message.startsWith(`Cannot read ${path}: `), true);
    }),
    { numRuns: 200 },
  );
});
