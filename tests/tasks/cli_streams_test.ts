import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { shellWords } from "../../lib/text/shell_words.ts";
import { commandOf, PROJECT, type Ran, runForJson } from "../_support/command.ts";
import { diskStore, writeFiles } from "../_support/disk_store.ts";
import { rottenAt } from "../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

// The command line has no clock but the present.
const ROTTEN = rottenAt(Date.now());
const EXCEPT = { except: [".mltidy.trash"] };
const ignore = Deno.build.os === "windows";

/** Runs a task with its streams where a shell puts them; gives its own exit code. */
async function runInShell(
  task: string,
  words: readonly string[],
  redirection: string,
): Promise<Ran> {
  const [, ...own] = commandOf(task);
  const command = [Deno.execPath(), ...own, ...words].map((word) => `'${word}'`).join(" ");
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", `${command} ${redirection}; exit \${PIPESTATUS[0]}`],
    cwd: PROJECT,
    env: { INIT_CWD: PROJECT, MLFLOW_TRACKING_URI: "", NO_COLOR: "" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test({
  name: "a task whose reader has gone ends with the exit code that it has without one",
  ignore,
  fn: async () => {
    await using store = await diskStore(ROTTEN);
    const words = ["--quiet", "--store", store.root];
    const detailed = ["--json", "--detailed-exitcode", ...words];
    assertEquals(await runInShell("cleanup", detailed, "| true"), { code: 3, out: "", err: "" });
    writeFiles(store.root, { "1/meta.yaml": "{" });
    assertEquals(await runInShell("verify", words, "| true"), { code: 3, out: "", err: "" });
    assertEquals((await runInShell("summary", words, "| true")).code, 0);
  },
});

Deno.test({
  name: "a task that cannot print says so, and ends with 1",
  ignore: ignore || Deno.build.os !== "linux",
  fn: async () => {
    await using store = await diskStore(ROTTEN);
    const words = ["--quiet", "--json", "--store", store.root];
    assertEquals(await runInShell("cleanup", words, ">/dev/full"), {
      code: 1,
      out: "",
      err: "Cannot write to standard output: No space left on device (os error 28)\n",
    });
  },
});

Deno.test({
  name: "cleanup:apply says what it did and how to undo it where it cannot print it",
  ignore: ignore || Deno.build.os !== "linux",
  fn: async () => {
    for (const flags of [[], ["--json"]]) {
      await using store = await diskStore(ROTTEN);
      const words = ["--quiet", ...flags, "--store", store.root];
      const before = await readTree(store.root, EXCEPT);
      const ran = await runInShell("cleanup:apply", ["--force", ...words], ">/dev/full");
      assertEquals([ran.code, ran.out], [1, ""]);
      assertMatch(ran.err, /^\S+Z Done: 2 soft-deleted, 2 purged, 1 quarantined; /m);
      assertMatch(ran.err, /^\S+Z To undo: deno task restore \d{8}T\d{6}Z-cleanup --store /m);
      assertStringIncludes(ran.err, "Cannot write to standard output: ");
      const restored = await runInShell("restore", ["--last", ...words], ">/dev/full");
      assertEquals([restored.code, restored.out], [1, ""]);
      assertStringIncludes(restored.err, "Undone: 5 changes of cleanup");
      assertSameTree(await readTree(store.root, EXCEPT), before);
    }
  },
});

Deno.test({
  name: "a task does its work though nobody can hear what it says",
  ignore: ignore || Deno.build.os !== "linux",
  fn: async () => {
    await using store = await diskStore(ROTTEN);
    const words = ["--store", store.root];
    const { code, out } = await runInShell("cleanup:apply", ["--force", ...words], "2>/dev/full");
    assertEquals(code, 0);
    assertMatch(out, /^\S+Z Done: /m);
    assertEquals((await runInShell("restore", ["none", ...words], "2>/dev/full")).code, 2);
  },
});

Deno.test("applying prints one kind of document, whether there was anything to do or not", async () => {
  await using store = await diskStore(ROTTEN);
  for (
    const [task, numbers] of [
      ["cleanup:apply", [5, 0]],
      ["prune:apply", [0]],
      ["repair:apply", [2, 0]],
    ] as const
  ) {
    for (const applied of numbers) {
      const report = await runForJson<Record<string, unknown>>(task, store.root, "--force");
      const { schema, totals, outcomes, complete } = report;
      assertEquals(schema, "mltidy/apply/v1", task);
      assertEquals((totals as Record<string, number>)["applied"], applied);
      assertEquals([(outcomes as unknown[]).length, complete], [applied, true]);
    }
  }
});

Deno.test("restore and backup --list print the same list", async () => {
  await using store = await diskStore(ROTTEN);
  await runForJson("cleanup:apply", store.root, "--force");
  const list = await runForJson<Record<string, unknown>>("restore", store.root);
  assertEquals([list["schema"], list["store"]], ["mltidy/backup-list/v1", store.root]);
  assertEquals(list, await runForJson("backup", store.root, "--list"));
});

Deno.test({
  name: "shellWords() writes what bash reads as the same words",
  ignore,
  fn() {
    const words = ["a\x1b[2J'\\b\x07\u202e\u009b\u2028\n'", "it's", "$(x)", "한글 \u0001"];
    const { stdout } = new Deno.Command("bash", {
      args: ["-c", `printf '%s\\0' ${shellWords(words)}`],
      env: { LC_ALL: "C.UTF-8" },
    }).outputSync();
    assertEquals(new TextDecoder().decode(stdout), words.map((word) => `${word}\0`).join(""));
  },
});
