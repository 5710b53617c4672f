import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join, toFileUrl } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import type { Action } from "../../lib/plan/plan.ts";
import { policyOf, readConfig } from "../../lib/policy/config.ts";
import { type CleanupPolicy, policyOfAges, readingOf } from "../../lib/policy/policy.ts";
import { openStore } from "../../tasks/open_store.ts";
import { prune } from "../../tasks/prune.ts";
import { demo, type DemoStoreSummary, type DemoTasks, writeDemoStore } from "../../tasks/demo.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree, type Tree, type TreeEntry } from "../_support/tree.ts";

const NOW = Date.UTC(2026, 4, 1, 9, 30);
const DAY = 86_400_000;
const ORPHANS = ["5fbbd685931c4616bdc67005b055056d", "70e4cbddb9bd4af6aa8bc94b7da92397"];
const RUNNING = 1;
const SCHEDULED = 2;
const FAILED = 4;

/** The fields of a `meta.yaml`, read line by line. */
type Fields = ReadonlyMap<string, string | null>;

interface RunSeen {
  readonly path: string;
  readonly id: string;
  readonly name: string;
  readonly status: number;
  readonly start: number;
  readonly end: number | null;
  readonly parent: string | null;
  readonly fields: Fields;
}

/** A store as it lies on the disk, read without any code of the project. */
interface StoreSeen {
  readonly root: string;
  readonly tree: Tree;
  readonly children: ReadonlyMap<string, readonly string[]>;
  readonly experimentIds: readonly string[];
  readonly runs: readonly RunSeen[];
}

/** All are removed at the very end: some file systems create slowly just after removing much. */
const directories: string[] = [];
let parent: string;
let written: DemoStoreSummary;
let store: StoreSeen;

Deno.test.beforeAll(async () => {
  const directory = await memoryDirectory();
  parent = directory.path;
  directories.push(parent);
  await Deno.mkdir(join(parent, "mlruns"));
  written = await writeDemoStore(join(parent, "mlruns"), { now: NOW });
  store = await look(join(parent, "mlruns"));
});

Deno.test.afterAll(async () => {
  for (const directory of directories) await Deno.remove(directory, { recursive: true });
});

async function look(root: string): Promise<StoreSeen> {
  const tree = await readTree(root);
  const paths = [...tree.keys()];
  const directories = paths.filter((path) => tree.get(path)?.kind === "directory");
  const children = new Map<string, string[]>(["", ...directories].map((path) => [path, []]));
  for (const path of paths) {
    children.get(path.slice(0, Math.max(path.lastIndexOf("/"), 0)))?.push(
      path.slice(path.lastIndexOf("/") + 1),
    );
  }
  return {
    root,
    tree,
    children,
    experimentIds: (children.get("") ?? []).filter((id) => tree.has(`${id}/meta.yaml`)),
    runs: paths.filter((path) => /^\w+\/[0-9a-f]{32}\/meta\.yaml$/.test(path))
      .map((path) => runOf(tree, path.replace("/meta.yaml", ""))),
  };
}

function runOf(tree: Tree, path: string): RunSeen {
  const fields = fieldsOf(tree, `${path}/meta.yaml`);
  const end = fields.get("end_time") ?? null;
  const parentTag = `${path}/tags/mlflow.parentRunId`;
  return {
    path,
    id: path.slice(path.indexOf("/") + 1),
    name: fields.get("run_name") ?? "",
    status: Number(fields.get("status")),
    start: Number(fields.get("start_time")),
    end: end === null ? null : Number(end),
    parent: tree.has(parentTag) ? contentOf(tree, parentTag) : null,
    fields,
  };
}

function contentOf(tree: Tree, path: string): string {
  const entry = tree.get(path);
  assert(entry?.kind === "file", `${path} is a file`);
  return entry.content;
}

function fieldsOf(tree: Tree, path: string): Fields {
  return new Map(
    [...contentOf(tree, path).matchAll(/^(\w+): (?:(null)|'(.*)'|"(.*)"|(.*))$/gm)]
      .map(([, key = "", none, single, double, plain]) =>
        [key, none === undefined ? single ?? double ?? plain ?? "" : null] as const
      ),
  );
}

function runNamed(name: string): RunSeen {
  const run = store.runs.find((it) => it.name === name);
  assert(run !== undefined, `there is a run named ${name}`);
  return run;
}

function ageOf(run: RunSeen): number {
  return NOW - (run.end ?? run.start);
}

/** Old and finished, not named in the registry, and no run that stays is nested in it. */
function removableRuns({ tree, runs }: StoreSeen): readonly RunSeen[] {
  const registered = new Set(
    [...tree.keys()].filter((path) => /^models\/.*\/meta\.yaml$/.test(path))
      .flatMap((path) => contentOf(tree, path).match(/[0-9a-f]{32}/g) ?? []),
  );
  const removable = new Set(
    runs.filter((run) =>
      run.status !== RUNNING && run.status !== SCHEDULED && ageOf(run) > 30 * DAY &&
      !registered.has(run.id)
    ),
  );
  for (let before = -1; before !== removable.size;) {
    before = removable.size;
    const needed = new Set(runs.filter((run) => !removable.has(run)).map((run) => run.parent));
    for (const run of removable) if (needed.has(run.id)) removable.delete(run);
  }
  return [...removable];
}

Deno.test("writeDemoStore() writes 17 experiment directories beside the registry and an empty trash", () => {
  const ids = store.experimentIds;
  assertEquals(ids.length, 15);
  assertEquals(
    store.children.get("")?.toSorted(),
    [...ids, ...ORPHANS, ".trash", "models"].toSorted(),
  );
  assertEquals(store.children.get(".trash"), []);
  assertEquals(ids.filter((id) => !/^[1-9]\d{17}$/.test(id)), ["0", "7"]);
});

Deno.test("writeDemoStore() leaves two orphans that hold only what MLflow writes, and no readable run", () => {
  const [withRun = "", withTags = ""] = ORPHANS;
  const [run = "", ...others] = store.children.get(withRun) ?? [];
  assertEquals(others, []);
  assertEquals(/^[0-9a-f]{32}$/.test(run), true);
  assertEquals(store.children.get(`${withRun}/${run}`), ["artifacts"]);
  assertEquals(store.children.get(`${withRun}/${run}/artifacts`), []);
  assertEquals(store.children.get(withTags), ["tags"]);
  assertEquals(store.children.get(`${withTags}/tags`), ["mlflow.note.content"]);
});

Deno.test("writeDemoStore() writes 1,293 runs of which a clean-up after 30 days removes 143", () => {
  assertEquals([store.runs.length, removableRuns(store).length], [1293, 143]);
  assertEquals(written, {
    directory: store.root,
    location: store.root,
    experiments: 15,
    orphans: 2,
    runs: 1293,
    prunable: 143,
  });
});

Deno.test("writeDemoStore() gives each run what MLflow 2 and MLflow 3 need to read it", () => {
  const keys = [
    "artifact_uri",
    "end_time",
    "entry_point_name",
    "experiment_id",
    "lifecycle_stage",
    "run_id",
    "run_name",
    "run_uuid",
    "source_name",
    "source_type",
    "source_version",
    "start_time",
    "status",
    "tags",
    "user_id",
  ];
  for (const { path, id, name, fields } of store.runs) {
    assertEquals([...fields.keys()], keys);
    assertEquals(store.children.get(path), ["artifacts", "meta.yaml", "metrics", "params", "tags"]);
    assertEquals(path, `${fields.get("experiment_id")}/${id}`);
    assertEquals([fields.get("run_id"), fields.get("run_uuid")], [id, id]);
    assertEquals(fields.get("artifact_uri"), `${toFileUrl(store.root).href}/${path}/artifacts`);
    assertEquals(fields.get("lifecycle_stage"), "active");
    assertEquals(contentOf(store.tree, `${path}/tags/mlflow.runName`), name);
  }
});

Deno.test("writeDemoStore() writes metric lines as MLflow does", () => {
  const metrics = [...store.tree.entries()].flatMap(([path, entry]) =>
    /^\w+\/\w+\/metrics\//.test(path) && entry.kind === "file" ? [entry.content] : []
  );
  assert(metrics.length > 3000);
  const malformed = metrics.filter((text) => !/^(\d{12,13} \d+\.\d+ \d+\n){3,8}$/.test(text));
  assertEquals(malformed, []);
});

Deno.test("writeDemoStore() names experiments and runs in Korean, too", () => {
  const experiments = store.experimentIds.map((id) =>
    fieldsOf(store.tree, `${id}/meta.yaml`).get("name") ?? ""
  );
  assertEquals(new Set(experiments).size, 15);
  assert(["감성분석", "수요예측", "이상탐지"].every((name) => experiments.includes(name)));
  assert(store.runs.some((run) => /^KoBERT 미세조정 \d+차$/.test(run.name)));
});

Deno.test("writeDemoStore() plays the cases that a clean-up must tell apart", () => {
  const removable = new Set(removableRuns(store).map((run) => run.name));
  const verdicts = (...names: readonly string[]) => names.map((name) => removable.has(name));

  assertEquals(ageOf(runNamed("april-refresh")), 31 * DAY);
  assertEquals(ageOf(runNamed("may-refresh")), 29 * DAY);
  assertEquals(verdicts("april-refresh", "may-refresh"), [true, false]);

  const lost = ["lost-worker", "lost-worker-again"].map(runNamed);
  assertEquals(lost.map(({ status, end }) => [status, end]), [[FAILED, null], [FAILED, null]]);
  assertEquals(verdicts("lost-worker", "lost-worker-again"), [true, false]);

  assertEquals(NOW - runNamed("long-training").start, 47 * DAY);
  assertEquals(verdicts("long-training"), [false]);

  assertEquals(runNamed("sweep-trial-2").parent, runNamed("sweep").id);
  assertEquals(verdicts("sweep", "sweep-trial-2"), [true, true]);
  assertEquals(runNamed("resumed-sweep-trial-1").parent, runNamed("resumed-sweep").id);
  assertEquals(verdicts("resumed-sweep", "resumed-sweep-trial-1"), [false, true]);
  assertEquals(verdicts("curriculum", "curriculum-stage-2"), [false, false]);
  assertEquals(verdicts("champion-search", "champion", "운영 모델 1호"), [false, false, false]);

  const running = store.runs.filter((run) => run.status === RUNNING);
  const waiting = store.runs.filter((run) => run.status === SCHEDULED);
  for (const runs of [running, waiting]) {
    assertEquals(runs.filter((run) => run.end !== null), []);
    assert(runs.some((run) => ageOf(run) > 30 * DAY) && runs.some((run) => ageOf(run) < DAY));
  }
  assert(store.runs.some((run) => run.end !== null && ageOf(run) < DAY));
  assertEquals(store.runs.filter((run) => ageOf(run) < 0), []);
});

Deno.test("writeDemoStore() registers models by run id, by runs:/ and by artifact URI", () => {
  const version = (path: string) => {
    const fields = fieldsOf(store.tree, `models/${path}/meta.yaml`);
    return ["current_stage", "run_id", "source"].map((key) => fields.get(key));
  };
  const uri = (run: RunSeen) => `${toFileUrl(store.root).href}/${run.path}/artifacts/model`;
  const [first, second, third, plain, stored] = [
    "churn-2024",
    "withdrawn",
    "champion",
    "운영 모델 1호",
    "운영 모델 2호",
  ].map(runNamed) as [RunSeen, RunSeen, RunSeen, RunSeen, RunSeen];
  assertEquals(version("churn-classifier/version-1"), ["Archived", first.id, uri(first)]);
  assertEquals(version("churn-classifier/version-2"), ["Deleted_Internal", second.id, uri(second)]);
  assertEquals(version("churn-classifier/version-3"), ["Production", third.id, uri(third)]);
  assertEquals(contentOf(store.tree, "models/churn-classifier/aliases/champion"), "3");
  assertEquals(version("수요예측/version-1"), ["None", null, `runs:/${plain.id}/model`]);
  assertEquals(version("수요예측/version-2"), ["None", null, uri(stored)]);
  for (const run of [first, second, third, plain, stored]) {
    assertEquals(store.children.get(`${run.path}/artifacts/model`), ["MLmodel", "weights.txt"]);
  }
});

Deno.test("writeDemoStore() dates files and directories as old as what they record", () => {
  const time = (path: string) => store.tree.get(path)?.mtimeMs ?? Infinity;
  const expected = new Map<string, number>();
  for (const { path, status, start, end } of store.runs) {
    expected.set(`${path}/params`, start).set(`${path}/tags/mlflow.runName`, start);
    if (status === RUNNING) expected.set(`${path}/meta.yaml`, start);
    if (end !== null) {
      expected.set(path, end).set(`${path}/meta.yaml`, end).set(`${path}/artifacts`, end);
    }
    for (const metric of store.children.get(`${path}/metrics`) ?? []) {
      if (store.children.has(`${path}/metrics/${metric}`)) continue;
      const lines = contentOf(store.tree, `${path}/metrics/${metric}`).trimEnd().split("\n");
      expected.set(`${path}/metrics/${metric}`, Number(lines.at(-1)?.split(" ")[0]));
    }
  }
  for (const id of store.experimentIds) {
    const created = fieldsOf(store.tree, `${id}/meta.yaml`).get("creation_time");
    expected.set(`${id}/meta.yaml`, Number(created));
  }
  assertEquals([...expected].filter(([path, recorded]) => time(path) !== recorded), []);

  const orphans = [...store.tree.keys()].filter((path) =>
    ORPHANS.some((id) => path.startsWith(id))
  );
  assertEquals(orphans.filter((path) => time(path) > NOW - 100 * DAY), []);
  assertEquals([...store.tree.keys()].filter((path) => time(path) > NOW), []);
});

Deno.test("writeDemoStore() draws another store from another seed, with the same numbers", async () => {
  const options = { now: NOW, seed: 43, kind: "sqlite" } as const;
  const { location } = await writeDemoStore(join(parent, "other"), options);
  await using other = await openStore(location, { now: () => NOW });
  const { experiments } = await other.read({ depth: "meta" });
  const runs = experiments.flatMap(({ runs }) => runs);
  assertEquals([experiments.length, runs.length], [15, 1293]);
  assertEquals((await prune(other)).plan.actions.length, 143);
  const ids = new Set(store.runs.map((run) => run.id));
  assertEquals(runs.filter(({ id }) => ids.has(id)), []);
});

const POLICIES: readonly CleanupPolicy[] = [
  policyOfAges(),
  ...[
    "retention: { keep_last: 3, keep_status: [FAILED] }",
    "retention: { keep_best: { metric: loss, mode: min, n: 5 } }\nlimits: { max_share: 100% }",
    "retention: { keep_best: { metric: auc, mode: max, n: 1, per: max_depth }, keep_tags: [team] }",
  ].map((text) => policyOf(readConfig(text, "mltidy.yaml"))),
];

Deno.test("writeDemoStore() writes the same store as a database: its figures, and each plan", async () => {
  const directory = join(parent, "database");
  const { location, ...figures } = await writeDemoStore(directory, { now: NOW, kind: "sqlite" });
  assertEquals(location, `sqlite:///${directory}/mlflow.db`);
  assertEquals({ ...figures, directory: store.root, location: store.root }, written);
  const options = { now: () => NOW };
  await using database = await openStore(location, options);
  await using files = await openStore(store.root, options);
  for (const policy of POLICIES) {
    const [ofDatabase, ofFiles] = await Promise.all([database, files].map(async (store) => {
      const snapshot = await store.read({ depth: "tags", ...readingOf(policy) });
      const { actions, kept } = planCleanup(snapshot, policy, { now: NOW });
      return { actions: actions.filter(isOfBoth).map(withoutMeasure), kept };
    }));
    assertEquals(ofDatabase, ofFiles);
    assert(ofDatabase!.actions.length > 40);
  }
});

/** Orphans are directories in one kind of store, and artifacts without rows in the other. */
function isOfBoth({ kind }: Action): boolean {
  return !/orphan/.test(kind);
}

function withoutMeasure(action: Action): unknown {
  const { usage: _usage, stamp: _stamp, ...plain } = action as Action & { stamp?: string };
  return plain;
}

Deno.test("writeDemoStore() leaves two directories of artifacts that no row of the database names", () => {
  const directory = join(parent, "database");
  using database = new DatabaseSync(join(directory, "mlflow.db"), { readOnly: true });
  const column = (sql: string) => database.prepare(sql).all().map((row) => Object.values(row)[0]);
  const named = column("SELECT artifact_location FROM experiments") as string[];
  const there = [...Deno.readDirSync(join(directory, "mlruns"))].map(({ name }) =>
    join(directory, "mlruns", name)
  );
  assertEquals(there.filter((path) => !named.includes(path)).length, 2);
  assertEquals(named.filter((path) => !there.includes(path)), []);
  assertEquals(column("SELECT artifact_uri FROM runs").filter((uri) => !/^\//.test(`${uri}`)), []);
  assertEquals(column("PRAGMA integrity_check"), ["ok"]);
  assertEquals(column("PRAGMA foreign_key_check"), []);
  assertEquals(column("PRAGMA journal_mode"), ["delete"]);
});

Deno.test("writeDemoStore() refuses a directory in use and a file", async () => {
  const used = join(parent, "used");
  await Deno.mkdir(used);
  await Deno.writeTextFile(join(used, "notes.txt"), "mine");
  const before = await readTree(used);
  await assertRejects(
    () => writeDemoStore(used, { now: NOW }),
    RangeError,
    `Cannot write the example store to "${used}": expected an empty or new directory`,
  );
  assertEquals(await readTree(used), before);
  await assertRejects(
    () => writeDemoStore(join(used, "notes.txt"), { now: NOW }),
    RangeError,
    "found a file",
  );
});

Deno.test("writeDemoStore() refuses a time that is not in milliseconds", async () => {
  for (const now of [NaN, 1.5, 1_700_000_000, -1]) {
    const directory = join(parent, "never");
    await assertRejects(() => writeDemoStore(directory, { now }), RangeError, `the time ${now}`);
    await assertRejects(() => Deno.stat(directory), Deno.errors.NotFound);
  }
});

/** Tasks that note their calls in place of working. */
function recordingTasks(calls: string[]): DemoTasks {
  const record = (task: string) => (store: string) => {
    calls.push(`${task} ${store}`);
    return Promise.resolve(`output of ${task}`);
  };
  return {
    summary: record("summary"),
    verify: record("verify"),
    plan: record("plan"),
    apply: record("apply"),
    restore: record("restore"),
  };
}

Deno.test("demo() walks through the same job on a database", async () => {
  const calls: string[] = [];
  const printed: string[] = [];
  const { directory, location } = await demo({ print: (text) => printed.push(text) }, {
    now: NOW,
    kind: "sqlite",
    tasks: recordingTasks(calls),
  });
  directories.push(directory);
  assertEquals(location, `sqlite:///${directory}/mlflow.db`);
  assertEquals(
    calls,
    ["summary", "verify", "plan", "apply", "summary", "restore"].map((task) =>
      `${task} ${location}`
    ),
  );
  assertEquals(printed.join("\n").split("\n").filter((line) => line.startsWith("$ ")).slice(-2), [
    `$ deno task restore --last --store ${location}`,
    `$ rm -r ${directory}`,
  ]);
});

Deno.test("demo() walks through the main job on the example store and leaves it in place", async () => {
  const calls: string[] = [];
  const printed: string[] = [];
  const shown = await demo({ print: (text) => printed.push(text) }, {
    now: NOW,
    seed: 42,
    tasks: recordingTasks(calls),
  });
  directories.push(dirname(shown.directory));
  const directory = shown.directory;
  assertEquals(
    calls,
    ["summary", "verify", "plan", "apply", "summary", "restore"].map((task) =>
      `${task} ${directory}`
    ),
  );
  assertEquals(printed.join("\n").split("\n").filter((line) => line.startsWith("$ ")), [
    `$ deno task summary --store ${directory}`,
    `$ deno task verify --store ${directory}`,
    `$ deno task cleanup --store ${directory}`,
    `$ deno task cleanup:apply --force --store ${directory}`,
    `$ deno task summary --store ${directory}`,
    `$ deno task restore --last --store ${directory}`,
    `$ rm -r ${dirname(directory)}`,
  ]);
  for (const task of ["summary", "verify", "plan", "apply", "restore"]) {
    assertStringIncludes(printed.join("\n"), `\noutput of ${task}\n`);
  }

  // The same seed gives the same store: only the URIs know where it lies.
  const tree = await readTree(directory);
  const [there, here] = [toFileUrl(directory).href, toFileUrl(store.root).href];
  const relocated = [...tree].map(([path, entry]): [string, TreeEntry] => [
    path,
    entry.kind === "file" ? { ...entry, content: entry.content.replaceAll(there, here) } : entry,
  ]);
  assertSameTree(new Map(relocated), store.tree);
});
