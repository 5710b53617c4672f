import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { readLines } from "../../../tasks/_io/lines.ts";
import { NotRegularError, openRegular, waitForNoFile } from "../../../tasks/_io/open_regular.ts";
import { MOST, readBytes, readText, readTextFile } from "../../../tasks/_io/read.ts";
import { tempDirectory } from "../../_support/temp_directory.ts";

const isUnix = Deno.build.os !== "windows";

/** What a hostile account can put in the place of a file. */
const SHAPES: Readonly<Record<string, (path: string) => Disposable | void>> = {
  "a pipe": (path) => run("mkfifo", path),
  // To close it would remove it.
  "a socket": (path) => Deno.listen({ transport: "unix", path }),
  "a link to a pipe": (path) => {
    run("mkfifo", `${path}.pipe`);
    Deno.symlinkSync(`${path}.pipe`, path);
  },
  "a link to an endless device": (path) => Deno.symlinkSync("/dev/zero", path),
  "a link to an empty device": (path) => Deno.symlinkSync("/dev/null", path),
};

function run(command: string, ...args: readonly string[]): void {
  const { success } = new Deno.Command(command, { args: [...args] }).outputSync();
  assertEquals(success, true, command);
}

// The first round is that of a task that only reads, the second that of one that holds a lock.
for (const binds of [false, true]) {
  const who = binds ? " under a lock" : "";
  for (const [shape, make] of Object.entries(SHAPES)) {
    Deno.test({
      name: `readText() takes ${shape} for no regular file, and waits for nobody${who}`,
      ignore: !isUnix,
      async fn() {
        if (binds) waitForNoFile();
        await using directory = await tempDirectory();
        const path = join(directory.path, "record");
        using _made = make(path) ?? null;
        assertEquals(readText(path), {
          kind: "failed",
          damage: "unreadable",
          message: "it is no regular file",
        });
        assertThrows(() => readBytes(path), NotRegularError);
        assertThrows(() => openRegular(path, { links: "refused" }), NotRegularError);
        assertThrows(() => [...readLines(path)], NotRegularError);
      },
    });
  }

  Deno.test(`readText() says of a text what is wrong with it${who}`, async () => {
    if (binds) waitForNoFile();
    await using directory = await tempDirectory();
    const path = join(directory.path, "record");
    assertEquals(readText(path), { kind: "missing" });
    Deno.writeTextFileSync(path, "");
    assertEquals(readText(path), { kind: "text", text: "" });
    for (const length of [1, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 1 << 20]) {
      const text = "\uFEFF" + "é".repeat(length);
      Deno.writeTextFileSync(path, text);
      for (const isFile of [false, true]) {
        assertEquals(readText(path, { isFile }), { kind: "text", text });
        assertEquals(new TextDecoder().decode(readBytes(path, { isFile })).length, length);
      }
    }
    Deno.writeFileSync(path, Uint8Array.of(0x61, 0xFF, 0x62));
    for (const isFile of [false, true]) {
      assertEquals(readText(path, { isFile }), {
        kind: "failed",
        damage: "unreadable",
        message: "the file is not valid UTF-8",
      });
    }
    Deno.writeTextFileSync(path, "a\uFFFDb");
    assertEquals(readText(path), { kind: "text", text: "a\uFFFDb" });
    assertEquals(readText(directory.path), {
      kind: "failed",
      damage: "io",
      message: "Is a directory",
    });
    assertEquals(readText(join(path, "x")), {
      kind: "failed",
      damage: "io",
      message: "Not a directory",
    });
  });

  Deno.test(`readText() reads nothing that is larger than any record, and fills no memory with it${who}`, async () => {
    if (binds) waitForNoFile();
    await using directory = await tempDirectory();
    const path = join(directory.path, "record");
    Deno.writeTextFileSync(path, "name: x\n");
    Deno.truncateSync(path, 3 * 2 ** 30);
    for (const isFile of [false, true]) {
      const fact = readText(path, { isFile });
      assertEquals(fact, {
        kind: "failed",
        damage: "io",
        message: "the file takes 3.0 GiB, and more than 32.0 MiB are not read",
      });
      const error = assertThrows(() => readBytes(path, { isFile, most: MOST.text }), Error);
      assertStringIncludes(error.message, "3.0 GiB");
    }
  });

  Deno.test(`readTextFile() reads through no link where none may be${who}`, async () => {
    if (binds) waitForNoFile();
    await using directory = await tempDirectory();
    const [path, link] = [join(directory.path, "file"), join(directory.path, "link")];
    Deno.writeTextFileSync(path, "text");
    Deno.symlinkSync(path, link);
    assertEquals(readTextFile(link), "text");
    assertEquals(readTextFile(path, { links: "refused" }), "text");
    assertThrows(() => readTextFile(link, { links: "refused" }), NotRegularError);
  });
}

Deno.test({
  name: "openRegular() waits for no pipe that took a file's place after it was looked at",
  ignore: !isUnix,
  async fn() {
    waitForNoFile();
    await using directory = await tempDirectory();
    const path = join(directory.path, "pipe");
    run("mkfifo", path);
    assertThrows(() => readBytes(path, { isFile: true }), NotRegularError);
  },
});
