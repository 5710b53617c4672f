import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DAY } from "../../../../_support/builders.ts";
import { runTask, startTask } from "../../../../_support/command.ts";
import { diskStore, writeFiles } from "../../../../_support/disk_store.ts";
import { rottenAt } from "../../../../_support/rotten_store.ts";

Deno.test("show prints a saved plan as it was when it was made, without its store", async () => {
  await using store = await diskStore(rottenAt(Date.now()));
  const at = ["--store", store.root];
  const text = (await runTask("cleanup", at)).out;
  const { out } = await runTask("cleanup", ["--json", ...at]);
  const plan = JSON.parse(out);
  const old = JSON.stringify({ ...plan, plannedAt: plan.plannedAt - 3 * DAY });
  writeFiles(store.outside, { "plan.json": old, "none.json": "{}" });
  Deno.removeSync(store.root, { recursive: true });
  const options = { directory: store.outside };
  const shown = await startTask("show", ["plan.json"], options);
  assertEquals([shown.code, shown.err], [0, ""]);
  const made = /^Plan of cleanup, made \S+ \S+ UTC, 3 d( \d+ \S+)? ago, for store (.*)\n\n/.exec(
    shown.out,
  );
  assertEquals(made?.[2], store.root);
  const body = (printed: string) => printed.slice(0, printed.indexOf("To carry it out"));
  assertEquals(body(shown.out.slice(made![0].length)), body(text));
  assertStringIncludes(shown.out, "To carry it out: deno task apply plan.json\n");
  assertEquals(
    JSON.parse((await runTask("show", ["plan.json", "--json"], options)).out),
    JSON.parse(old),
  );
  const none = await runTask("show", ["none.json"], options);
  assertEquals([none.code, none.err.startsWith("Cannot show none.json: expected schema ")], [
    13,
    true,
  ]);
  assertEquals((await runTask("show", [join(store.outside, "gone.json")])).code, 2);
});

Deno.test("a plan is saved in lines, so that what differs of two stands in the lines of it", async () => {
  await using store = await diskStore(rottenAt(Date.now()));
  const words = ["--days-old", "20", "--json", "--store", store.root];
  const first = (await runTask("cleanup", words)).out;
  const lines = first.split("\n");
  const plan = JSON.parse(first);
  assert(lines.length > plan.actions.length + plan.kept.length);
  for (const one of [...plan.actions, ...plan.kept]) {
    assertEquals(lines.filter((line) => line.includes(`"path":"${one.path}"`)).length, 1, one.path);
  }
  const keysOf = (text: string) => [...text.matchAll(/^ {2}"(\w+)": /gm)].map(([, key]) => key);
  assertEquals(keysOf(first), Object.keys(plan));
  writeFiles(store.root, { "1/00000000000000000000000000000001/tags/mltidy.pin": "" });
  const second = (await runTask("cleanup", words)).out.split("\n");
  const subjects = (all: readonly string[]) =>
    new Set(all.flatMap((line) => /^ {4}.*"path":"([^"]+)"/.exec(line)?.[1] ?? []));
  assertEquals(subjects(lines), subjects(second));
});
