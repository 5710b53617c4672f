import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DAY, experiment, run, runId } from "../../../_support/builders.ts";
import { PROJECT, runTask, startTask } from "../../../_support/command.ts";
import { diskStore, writeFiles } from "../../../_support/disk_store.ts";

const TODAY = Date.now();
const STORE = {
  experiments: [experiment({
    id: "7",
    name: "churn",
    runs: [1, 2, 3].map((index) => {
      const endTime = TODAY - 10 * index * DAY;
      const name = index === 1 ? "newest" : "twin";
      return run({ id: runId(index), name, startTime: endTime - 1, endTime });
    }),
  })],
};

Deno.test("explain tells the verdict, the rank and the smallest change, for a person and a program", async () => {
  await using store = await diskStore(STORE);
  writeFiles(store.outside, { "mltidy.yaml": "retention: { keep_last: 1 }\n" });
  const explain = (...words: readonly string[]) =>
    startTask("explain", [...words, "--store", store.root], { directory: store.outside });

  const { code, out } = await explain(runId(2));
  assertEquals(code, 0);
  assertEquals(
    out,
    `Run twin, ${runId(2)}
in experiment churn, 7
Goes: a clean-up would soft-delete it.
Of retention it is not kept by:
  newest: #2 of 3, n is 1
Smallest change found that keeps it: keep_last 1 → 2 in retention; no other run changes sides.
It also stays once it has the tag mltidy.pin.
The plan as a whole is stopped: it removes 2 of 3 runs of experiment churn (7), and max_share is 50%.
To allow it: deno task cleanup --store ${store.root} --max-share 67%
`,
  );
  const stays = await explain("newest");
  assertStringIncludes(stays.out, "Stays.\nKept, since:\n  newest: #1 of 3, n is 1\n");
  assertStringIncludes(stays.out, "No single change that was tried lets it go.\n");
  const both = JSON.parse((await explain("twin", "--json")).out);
  assertEquals(both.map(({ verdict }: Record<string, string>) => verdict), [
    "soft-delete",
    "soft-delete",
  ]);
});

Deno.test("explain names what it takes when there is no such run", async () => {
  await using store = await diskStore(STORE);
  const { code, err } = await runTask("explain", ["nobody", "--quiet", "--store", store.root]);
  assertEquals(code, 2);
  assertStringIncludes(
    err,
    'Unknown run, logged model, experiment or orphan "nobody": expected the id of one in this store, ' +
      "6 or more of its first letters, " +
      "7/3a7bb818… as plans print it, or a name",
  );
  assertStringIncludes(
    (await runTask("explain", ["--help"])).out.replaceAll(/\s+/g, " "),
    "6 or more of its first letters",
  );
});

Deno.test("explain takes a run as a plan prints it, and tells that the plan is stopped", async () => {
  await using store = await diskStore(STORE);
  writeFiles(store.outside, { "mltidy.yaml": "retention: { keep_last: 1 }\n" });
  for (const word of [`7/${runId(2)}`, `7/${runId(2)}…`]) {
    const { code, out } = await runTask("explain", [word, "--store", store.root], {
      directory: store.outside,
    });
    assertEquals([code, out.split("\n")[0]], [0, `Run twin, ${runId(2)}`]);
    assertStringIncludes(
      out,
      "The plan as a whole is stopped: it removes 2 of 3 runs of experiment churn (7), " +
        `and max_share is 50%.\nTo allow it: deno task cleanup --store ${store.root} --max-share 67%\n`,
    );
  }
});

Deno.test("config --init writes a file once, and config checks it", async () => {
  const directory = await Deno.makeTempDir({ prefix: "mltidy-" });
  try {
    const config = (...words: readonly string[]) => startTask("config", words, { directory });
    const missing = await config();
    assertEquals(missing.code, 2);
    assertStringIncludes(missing.err, "type `deno task config --init` to write one");
    const path = join(directory, "mltidy.yaml");
    assertEquals((await config("--init")).out, `Wrote ${path}\n`);
    const again = await config("--init");
    assertEquals([again.code, again.err.includes("it exists")], [2, true]);
    const checked = await config();
    assertEquals(checked.code, 0, checked.err);
    assertEquals(JSON.parse(checked.out).limits, { max_share: "50%" });
    Deno.writeTextFileSync(path, "limits: { max_share: 2 }\n");
    const wrong = await config();
    assertEquals([wrong.code, wrong.out], [2, ""]);
    assertMatch(
      wrong.err,
      /mltidy\.yaml:1: Cannot use "2" for limits\.max_share: expected a share/,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("config --schema prints a JSON Schema", async () => {
  const { out } = await runTask("config", ["--schema"]);
  const { $schema, properties } = JSON.parse(out);
  assertEquals($schema, "http://json-schema.org/draft-07/schema#");
  assertEquals(properties.retention.properties.keep_last.minimum, 0);
});

Deno.test("every policy in the README of policies is one, and a plan comes of it", async () => {
  const readme = Deno.readTextFileSync(join(PROJECT, "lib/policy/README.md"));
  const policies = [...readme.matchAll(/^<!-- policy: (\S+) -->\n\n```yaml\n(.*?)^```$/gms)];
  assert(policies.length >= 4, `lib/policy/README.md has ${policies.length} policies`);
  await using store = await diskStore(STORE);
  for (const [, name = "", text = ""] of policies) {
    writeFiles(store.outside, { [`${name}.yaml`]: text });
    const words = ["--config", `${name}.yaml`, "--json", "--store", store.root];
    const { code, out, err } = await runTask("cleanup", words, { directory: store.outside });
    assertEquals(code, 0, err);
    assertEquals(JSON.parse(out).policy.retention.rules.at(-1).name, "retention", name);
  }
});
