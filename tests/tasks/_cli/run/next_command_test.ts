import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { nextCommand } from "../../../../tasks/_cli/run/next_command.ts";
import { DAY, experiment, run, runId } from "../../../_support/builders.ts";
import { type Ran, type RunOptions, runTask } from "../../../_support/command.ts";
import { layOutExample } from "../../../_support/damaged_example.ts";
import { writeFiles, writeStore } from "../../../_support/disk_store.ts";
import { tempDirectory } from "../../../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };

/** A damaged store at a place that has to be quoted, and a directory in which commands are typed. */
async function shop() {
  const directory = await tempDirectory();
  const parent = join(directory.path, "kim's stores");
  const root = join(parent, "mlruns");
  const at = { root, outside: join(parent, "outside") };
  layOutExample(at);
  const ended = (days: number) => ({
    startTime: Date.now() - days * DAY,
    endTime: Date.now() - days * DAY,
  });
  const other = { root: join(directory.path, "other"), outside: join(directory.path, "outside") };
  writeStore(other, {
    experiments: [experiment({
      id: "5",
      name: "sound",
      runs: [1, 40, 50].map((days, index) => run({ id: runId(index), ...ended(days) })),
    })],
  });
  Deno.renameSync(join(other.root, "5"), join(root, "5"));
  const here = join(directory.path, "here");
  const rules = "retention: { keep_last: 1 }\nlimits: { max_share: 90% }\n";
  writeFiles(here, {
    "broken.json": "{}",
    "ours.yaml": `store: ${JSON.stringify(root)}\nbackups: { directory: kept }\n${rules}`,
  });
  return {
    root,
    here,
    backups: join(directory.path, "kim's backups"),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** What is to be typed, as a text names it: in backquotes, else up to the end of its line. */
function hintsIn({ out, err }: Ran): readonly string[] {
  const texts = out.startsWith("{") ? [err, ...textsIn(JSON.parse(out))] : [err, out];
  return texts.flatMap((text) =>
    [...text.matchAll(/`(deno task [^`]+)`|(?<!`)(deno task .*)$/gm)]
      .map(([, quoted, bare = ""]) => quoted ?? bare)
  );
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Types a command into a shell, which takes its words apart; where it goes to a file, into that. */
async function type(hint: string, options: RunOptions & { directory: string }): Promise<Ran> {
  const [line = "", file] = hint.split(" > ");
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `printf '%s\\0' ${line}`],
    cwd: options.directory,
  }).output();
  const [deno, task, name = "", ...words] = new TextDecoder().decode(stdout).split("\0").slice(
    0,
    -1,
  );
  assertEquals([deno, task], ["deno", "task"], hint);
  const ran = await runTask(name, words, options);
  if (file !== undefined) writeFiles(options.directory, { [file]: ran.out });
  return ran;
}

Deno.test("nextCommand() tells a task only what it knows and was not told already", () => {
  const configured = { backups: "/kept", store: "/data/mlruns" };
  const command = nextCommand({ config: "ours.yaml", backups: null, store: null, configured });
  assertEquals(
    ["cleanup:apply --days-old 3", "restore 1-cleanup", "verify", "recover --store=x"].map(command),
    [
      "deno task cleanup:apply --days-old 3 --config ours.yaml",
      "deno task restore 1-cleanup --backups /kept --store /data/mlruns",
      "deno task verify --store /data/mlruns",
      "deno task recover --store=x --backups /kept",
    ],
  );
});

Deno.test("nextCommand() tells MLflow where the store is, wherever its command is typed", () => {
  const carried = { config: "ours.yaml", backups: null, store: "a b", trackingUri: "/data/a b" };
  assertEquals(
    nextCommand(carried)("mlflow experiments restore --experiment-id 0"),
    "MLFLOW_ALLOW_FILE_STORE=true MLFLOW_TRACKING_URI='/data/a b' mlflow experiments restore --experiment-id 0",
  );
});

const refuse = () => Promise.resolve(false);

for (
  const [told, flags, environment] of [
    ["--store", ["--store", "ROOT"], {}],
    ["--store and --backups", ["--store", "ROOT", "--backups", "BACKUPS"], {}],
    ["--config", ["--config", "ours.yaml"], {}],
    ["--store and --no-config", ["--store", "ROOT", "--no-config"], {}],
    ["MLFLOW_TRACKING_URI", [], { MLFLOW_TRACKING_URI: "ROOT" }],
  ] as const
) {
  Deno.test(`every hint works as it is printed where the store was named by ${told}`, async () => {
    await using place = await shop();
    const { root, here, backups } = place;
    const fill = (text: string) => text.replace("ROOT", root).replace("BACKUPS", backups);
    const told = flags.map(fill);
    const env = Object.fromEntries(Object.entries(environment).map(([key, v]) => [key, fill(v)]));
    const without = (...names: readonly string[]) =>
      told.filter((_, at) => !names.includes(told[at - at % 2]!));
    const isBare = told.includes("--no-config");
    // Only tasks that go by a policy know --config.
    const byPolicy = told;
    const ofStore = told.includes("--config") ? ["--store", root] : without("--backups");
    const lines: readonly (readonly [string, ...string[]])[] = [
      ["summary", ...ofStore],
      ["verify", ...ofStore],
      ["verify", "--json", ...ofStore],
      ["verify", "--rule", "nonsense", ...ofStore],
      ["verify", "--experiment", "nonsense", ...ofStore],
      ["explain", "nonsense", ...without("--backups")],
      ["repair", ...(told.includes("--config") ? ofStore : told)],
      ["repair", "--json", ...ofStore],
      ["repair:apply", ...ofStore],
      ["cleanup", ...byPolicy],
      ["cleanup", "--days-old", "3", "--all", ...byPolicy],
      ["cleanup", "--max-runs", "1", "--max-share=1%", ...byPolicy],
      ["cleanup", "--max-runs", "1", "--format", "markdown", ...byPolicy],
      ["cleanup:apply", "--max-runs", "1", "--force", ...byPolicy],
      ["cleanup", "--json", ...byPolicy],
      ["cleanup:apply", "--settle", "5m", ...byPolicy],
      ["prune", ...byPolicy],
      ["explain", "baseline", ...without("--backups")],
      ["preflight", "--check", "churn of kim", ...ofStore],
      ["preflight", "--check", ...ofStore],
      ["backup", "--experiment", "none", ...ofStore],
      ["restore", "none", ...ofStore],
      ["apply", "broken.json", "--force", ...ofStore],
      ["apply", "broken.json", ...ofStore],
      ["cleanup", "--max-share", "80%", ...ofStore],
    ];
    const before = await readTree(root, EXCEPT);
    const seen = new Set<string>();
    for (const [task, ...words] of lines) {
      const ran = await runTask(task, words, { directory: here, environment: env });
      for (const hint of hintsIn(ran)) {
        seen.add(hint);
        // A store that says what it has not knows no configuration.
        if (isBare && !/task summary| --(init|rules|help)\b/.test(hint)) {
          assertStringIncludes(hint, "--no-config");
        }
        const goesByPolicy = / (cleanup|prune|explain)/.test(hint);
        assertEquals(hint.includes("--config"), goesByPolicy && words.includes("--config"), hint);
      }
    }
    assert(seen.size >= 13, [...seen].join("\n"));
    for (const hint of seen) {
      if (/:apply .*--force|task preflight/.test(hint)) continue;
      const { code, err } = await type(hint, { directory: here, ask: refuse });
      const isOfPlan = hint.includes("broken.json");
      assert(isOfPlan ? code === 13 : code === 0 || code === 3, `${hint}: ${code}: ${err}`);
      if (/ --(init|rules|help)\b/.test(hint) || isOfPlan) continue;
      assertStringIncludes(err, `Store ${root} `, hint);
    }
    Deno.removeSync(join(here, "mltidy.yaml"));
    assertSameTree(await readTree(root, EXCEPT), before);
    const applying = [...seen].filter((hint) => / (repair|cleanup):apply .*--force/.test(hint));
    assertEquals(applying.length, 2);
    for (const hint of applying) {
      const applied = await type(hint, { directory: here });
      assertEquals(applied.code, 0, `${hint}: ${applied.err}`);
      const [undo = ""] = hintsIn(applied);
      assertStringIncludes(undo, "deno task restore ");
      const [, ...words] = undo.split(/ (?:restore \S+)/);
      const list = await type(`deno task restore${words.join("")}`, { directory: here });
      const [newest = ""] = hintsIn(list);
      assertEquals(newest, undo);
      const undone = await type(undo, { directory: here });
      assertEquals(undone.code, 0, `${undo}: ${undone.err}`);
      assertSameTree(await readTree(root, EXCEPT), before);
    }
    for (const hint of [...seen].filter((one) => one.includes("task preflight"))) {
      const { code, err } = await type(hint, { directory: here });
      assert(code === 0 || code === 3, `${hint}: ${err}`);
      assertStringIncludes(err, `Store ${root} `, hint);
    }
  });
}
