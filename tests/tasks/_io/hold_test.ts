import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { free } from "../../../tasks/_io/durable.ts";
import { hold, holdEntry, LedAstray } from "../../../tasks/_io/hold.ts";
import { type TempStore, tempStore, writeFiles } from "../../_support/disk_store.ts";

const LINUX = { ignore: Deno.build.os !== "linux" };

/** Puts a link in the place of the store's directory `1`, which from then on is `away`. */
function exchange(store: TempStore): void {
  Deno.renameSync(join(store.root, "1"), join(store.root, "away"));
  Deno.symlinkSync(store.outside, join(store.root, "1"));
}

Deno.test(
  "hold() keeps to the directory that it was given, whatever comes in its place",
  LINUX,
  async () => {
    await using store = await tempStore();
    writeFiles(store.root, { "1/a": "ours" });
    writeFiles(store.outside, { "a": "precious" });
    using held = hold(join(store.root, "1"));
    exchange(store);
    Deno.renameSync(held.at("a"), held.at("b"));
    assertEquals(Deno.readTextFileSync(join(store.root, "away/b")), "ours");
    assertEquals([...Deno.readDirSync(store.outside)].map(({ name }) => name), ["a"]);
  },
);

Deno.test("holdEntry() names an entry of the directory that it was given", LINUX, async () => {
  await using store = await tempStore();
  writeFiles(store.root, { "1/a": "ours" });
  writeFiles(store.outside, { "a": "precious" });
  using entry = holdEntry(join(store.root, "1/a"));
  exchange(store);
  Deno.removeSync(entry.path);
  assertEquals(Deno.readTextFileSync(join(store.outside, "a")), "precious");
});

Deno.test("hold() goes through no link, and to nothing that is no directory", async () => {
  await using store = await tempStore();
  writeFiles(store.root, { "1/2/a": "" });
  writeFiles(store.outside, { "2/a": "precious" });
  exchange(store);
  for (const path of ["1", "1/2"]) assertThrows(() => hold(join(store.root, path)), LedAstray);
  assertThrows(() => holdEntry(join(store.root, "1/2/a")), LedAstray);
  assertThrows(() => hold(join(store.root, "away/2/a")), Deno.errors.NotADirectory);
  assertThrows(() => hold(join(store.root, "gone")), Deno.errors.NotFound);
});

Deno.test("holdEntry() finds nothing in a directory that is not there, and makes nothing", async () => {
  await using store = await tempStore();
  using entry = holdEntry(join(store.root, "gone/a"));
  assertThrows(() => Deno.lstatSync(entry.path), Deno.errors.NotFound);
  assertThrows(() => Deno.writeTextFileSync(entry.path, ""), Deno.errors.NotFound);
});

Deno.test("free() removes a tree, and nothing that a link in it or on the way leads to", async () => {
  await using store = await tempStore();
  writeFiles(store.root, { "1/2/a": "", "1/b": "" });
  writeFiles(store.outside, { "2/a": "precious" });
  Deno.symlinkSync(store.outside, join(store.root, "1/link"));
  Deno.symlinkSync(store.outside, join(store.root, "on the way"));
  free(join(store.root, "on the way/2"));
  free(join(store.root, "1"));
  assertThrows(() => Deno.lstatSync(join(store.root, "1")), Deno.errors.NotFound);
  assertEquals(Deno.readTextFileSync(join(store.outside, "2/a")), "precious");
});

Deno.test(
  "what a killed process holds directories by goes with the next one, and what a living one does stays",
  LINUX,
  async () => {
    await using store = await tempStore();
    const temporary = join(store.outside, "tmp");
    const left = () =>
      [...Deno.readDirSync(temporary)].map(({ name }) => name)
        .filter((name) => name.startsWith("mltidy-held-"));
    writeFiles(store.root, { "1/a": "" });
    Deno.mkdirSync(temporary);
    const living = join(temporary, "mltidy-held-living");
    Deno.mkdirSync(living);
    using file = Deno.openSync(living);
    assert(file.tryLockSync(true));
    for (let run = 0; run < 2; run++) {
      await using child = new Deno.Command(Deno.execPath(), {
        args: ["eval", "--no-check", HOLDING, join(store.root, "1")],
        env: { TMPDIR: temporary },
        cwd: new URL("../../..", import.meta.url),
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      assert(!(await child.stdout.getReader().read()).done);
      // Its own, that which lives, and none of the one before.
      assertEquals(left().length, 2);
      assert(left().includes("mltidy-held-living"));
      child.kill("SIGKILL");
    }
  },
);

/** Holds a directory until there is nothing more to read. */
const HOLDING = `import { hold } from "./tasks/_io/hold.ts";
  hold(Deno.args[0]);
  console.log("held");
  await Deno.stdin.readable.pipeTo(new WritableStream());`;
