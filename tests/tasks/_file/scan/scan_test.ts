import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import fc from "../../../_support/fast_check.ts";
import type { Depth, StoreSnapshot } from "../../../../lib/store/snapshot.ts";
import { scanStore } from "../../../../tasks/_file/scan/scan.ts";
import { snapshotArbitrary } from "../../../_support/arbitraries.ts";
import {
  damagedRun,
  DAY,
  deletedRun,
  experiment,
  loggedModel,
  modelVersion,
  NOW,
  orphan,
  registeredModel,
  run,
  runId,
  snapshot,
  stray,
} from "../../../_support/builders.ts";
import {
  experimentMeta,
  runMeta,
  setTimes,
  tempStore,
  writeFiles,
  writeStore,
} from "../../../_support/disk_store.ts";
import { unpackStore } from "../../../_support/testdata.ts";

function scan<D extends Depth = "tags">(root: string, depth?: D): Promise<StoreSnapshot<D>> {
  return scanStore(root, { depth: depth ?? "tags" as D, sizes: false, now: NOW });
}

/**
 * What a scan must find again of what was written: not what is the disk's own, and no foreign
 * entries, since the orphans have ids of MLflow's.
 */
function essence(found: StoreSnapshot) {
  const byPath = (left: { path: string }, right: { path: string }) =>
    left.path < right.path ? -1 : 1;
  const own = <T extends { path: string }>(all: readonly T[], linked = false) =>
    all.map((one) => ({
      ...one,
      ...("link" in one ? { link: one.link || linked } : {}),
      ...("message" in one ? { message: "" } : {}),
      stamp: "",
      usage: null,
      lastChange: null,
    })).toSorted(byPath);
  const holders = (all: StoreSnapshot["experiments"] | StoreSnapshot["orphans"]) =>
    own<StoreSnapshot["experiments"][number] | StoreSnapshot["orphans"][number]>(all).map((
      one,
    ) => ({
      ...one,
      ...("foreign" in one ? { foreign: [], lostRuns: 0, modelDirectories: 0, traces: 0 } : {}),
      // The time of a link itself cannot be set.
      ...("newestChange" in one && [one, ...one.runs].some(({ link }) => link)
        ? { newestChange: null }
        : {}),
      runs: own(one.runs, one.link),
      damagedRuns: own(one.damagedRuns, one.link),
      // Of most of them no more than their record is read.
      loggedModels: own(one.loggedModels, one.link)
        .map((model) => ({ ...model, tags: null, usedBy: null })),
    }));
  return {
    experiments: holders(found.experiments),
    orphans: holders(found.orphans),
    strays: own(found.strays),
    registeredModels: own(found.registeredModels)
      .map((model) => ({ ...model, versions: own(model.versions) })),
    problems: found.problems.map(({ path, subject, damage }) => ({ path, subject, damage }))
      .toSorted(byPath),
    hasTrash: found.hasTrash,
  };
}

Deno.test("scanStore() finds what was written, whatever it is", async () => {
  await using place = await tempStore();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(snapshotArbitrary({ now: NOW }), async (written) => {
      const at = join(place.outside, String(number++));
      Deno.mkdirSync(at);
      const root = join(at, "mlruns");
      writeStore({ root, outside: join(at, "outside") }, written);
      assertEquals(essence(await scan(root)), essence(written));
    }),
    { numRuns: 30 },
  );
});

Deno.test("scanStore() reads stores that MLflow 2 and 3 wrote without a problem", async () => {
  const counts = [];
  for (const name of ["mlflow-2.22", "mlflow-3.17"] as const) {
    await using store = await unpackStore(name);
    const { experiments, orphans, problems, registeredModels } = await scan(store.path);
    assertEquals([orphans, problems], [[], []]);
    counts.push([
      experiments.map((one) => `${one.path}: ${one.runs.length}`),
      experiments.map((one) => one.loggedModels.length + one.traces).reduce((a, b) => a + b),
      registeredModels.map((one) => one.versions.length),
    ]);
  }
  const experiments = [
    "0: 0",
    "196743932076658936: 5",
    "372298250545226180: 0",
    ".trash/205420454355194853: 1",
  ];
  assertEquals(counts, [[experiments, 0, [3]], [experiments, 2, [4]]]);
});

Deno.test("scanStore() takes the stage of an experiment from where it lies", async () => {
  const active = experiment({ id: "0", recordedStage: "deleted" });
  const deleted = experiment({ id: "7", lifecycleStage: "deleted", recordedStage: "active" });
  await using store = await tempStore({ experiments: [active, deleted] });
  assertEquals(
    (await scan(store.root)).experiments.map((
      one,
    ) => [one.path, one.lifecycleStage, one.recordedStage]),
    [["0", "active", "deleted"], [".trash/7", "deleted", "active"]],
  );
});

Deno.test("scanStore() reads ids that MLflow before 1.0 wrote as integers, and run_uuid", async () => {
  await using store = await tempStore();
  const id = "f".repeat(32);
  const legacy = `artifact_uri: /old\nend_time: 2\nexperiment_id: 3\nrun_uuid: ${id}\n` +
    "source_type: 4\nstart_time: 1\nstatus: 3\nuser_id: kim\n";
  writeFiles(store.root, {
    "3/meta.yaml": "artifact_location: /old\nexperiment_id: 3\nlifecycle_stage: active\nname: a\n",
    [`3/${id}/meta.yaml`]: legacy,
  });
  const { experiments, problems } = await scan(store.root);
  assertEquals(problems, []);
  assertEquals(
    experiments.map((one) => [one.id, one.runs.map((each) => [each.id, each.experimentId])]),
    [["3", [[id, "3"]]]],
  );
});

Deno.test("scanStore() takes reserved folders for no runs, and counts what they hold", async () => {
  const model = loggedModel({ sourceRunId: runId(1) });
  const written = experiment({ runs: [run()], loggedModels: [model], traces: 3, datasets: 2 });
  await using store = await tempStore({ experiments: [written] });
  writeFiles(store.root, { "1/tags/team/name": "vision" });
  const [found] = (await scan(store.root)).experiments;
  const unread = { lastChange: null, stamp: "", usage: null };
  assertEquals(found?.loggedModels, written.loggedModels.map((one) => ({ ...one, ...unread })));
  assertEquals(
    [found?.runs.length, found?.damagedRuns.length, found?.traces, found?.datasets],
    [1, 0, 3, 2],
  );
});

Deno.test("scanStore() reads the registry with versions, aliases and deleted versions", async () => {
  const written = registeredModel({
    name: "이탈 분류기 v1.0",
    aliases: { champion: "2" },
    versions: [
      modelVersion({ version: "1", stage: "Deleted_Internal", runId: runId(1) }),
      modelVersion({ version: "2", runId: runId(2), storageLocation: "s3://bucket/2" }),
      modelVersion({ version: "10", source: "models:/m-1", modelId: "m-1" }),
    ],
  });
  await using store = await tempStore({ registeredModels: [written] });
  const found = (await scan(store.root)).registeredModels.map((model) => ({
    ...model,
    versions: model.versions.toSorted((a, b) => Number(a.version) - Number(b.version)),
  }));
  assertEquals(found, [written]);
});

Deno.test("scanStore() reports a version without a meta.yaml and reads the others", async () => {
  const written = registeredModel({ versions: [modelVersion()] });
  await using store = await tempStore({ registeredModels: [written] });
  writeFiles(store.root, { "models/model/version-2": null });
  const { registeredModels, problems } = await scan(store.root);
  assertEquals(registeredModels, [written]);
  assertEquals(problems.map(({ path, subject, damage }) => [path, subject, damage]), [
    ["models/model/version-2", "registry", "missing"],
  ]);
});

Deno.test("scanStore() passes over its own directory and everything else that ends in .trash", async () => {
  await using store = await tempStore({
    strays: [stray({ path: "old.trash", kind: "ignored-directory" })],
  });
  const inner = `backups/20260101T000000Z-cleanup/files/1/${runId(1)}`;
  writeFiles(store.root, { [`.mltidy.trash/${inner}/meta.yaml`]: runMeta(run()) });
  const { experiments, orphans, strays, problems, backups } = await scan(store.root);
  assertEquals([experiments, orphans, problems], [[], [], []]);
  assertEquals(strays.map(({ path, kind }) => [path, kind]), [["old.trash", "ignored-directory"]]);
  assertEquals(backups, { count: 1, usage: null });
});

Deno.test("scanStore() takes backups of older scripts, hidden directories and files for strays", async () => {
  await using store = await tempStore();
  writeFiles(store.root, {
    "backups/1/meta.yaml": experimentMeta(experiment()),
    ".backups/notes.txt": "",
    ".git/HEAD": "",
    ".trash/.hidden/notes.txt": "",
    ".trash/notes.txt": "",
    "mlruns.zip": "",
  });
  const { experiments, orphans, strays } = await scan(store.root);
  assertEquals([experiments, orphans], [[], []]);
  assertEquals(strays.map(({ path, kind }) => [path, kind]), [
    [".backups", "backup-directory"],
    [".git", "unlistable-directory"],
    [".trash/.hidden", "unlistable-directory"],
    [".trash/notes.txt", "file"],
    ["backups", "backup-directory"],
    ["mlruns.zip", "file"],
  ]);
});

Deno.test("scanStore() takes a whole store for one, though it is called a backup, where MLflow can list it", async () => {
  await using store = await tempStore();
  const id = "420101650667246494";
  for (const name of ["backup", "mlruns_bak", ".backup"]) {
    writeFiles(store.root, {
      [`${name}/.trash`]: null,
      [`${name}/${id}/meta.yaml`]: experimentMeta(experiment({ id })),
    });
  }
  writeFiles(store.root, { [`bak/${id}/meta.yaml`]: experimentMeta(experiment({ id })) });
  const { strays } = await scan(store.root);
  assertEquals(strays.map(({ path, kind }) => [path, kind]), [
    [".backup", "backup-directory"],
    ["backup", "nested-store"],
    ["bak", "backup-directory"],
    ["mlruns_bak", "nested-store"],
  ]);
});

Deno.test("scanStore() tells what is nothing of MLflow's, and a store in the store, from an orphan", async () => {
  await using store = await tempStore();
  const id = "420101650667246494";
  writeFiles(store.root, {
    "20240101/.trash": null,
    [`20240101/${id}/meta.yaml`]: experimentMeta(experiment({ id })),
    [`20240101/${id}/${runId(1)}/meta.yaml`]: runMeta(run({ experimentId: id })),
    [`mlruns/${id}/meta.yaml`]: experimentMeta(experiment({ id })),
    [`named/${runId(1)}/params/lr`]: "0.1",
    "noted/tags/mlflow.note.content": "mine",
    "detect/train/best.pt": "",
    "models-old/1/x": "",
    plots: null,
    "2024/sales.csv": "",
  });
  for (const depth of ["meta", "tags", "full"] as const) {
    const { experiments, orphans, strays, problems } = await scan(store.root, depth);
    assertEquals(experiments, []);
    assertEquals(orphans.map((each) => each.id), ["2024", "named", "noted"]);
    assertEquals(strays.map(({ path, kind }) => [path, kind]), [
      ["20240101", "nested-store"],
      ["detect", "foreign-directory"],
      ["mlruns", "nested-store"],
      ["models-old", "foreign-directory"],
      ["plots", "foreign-directory"],
    ]);
    const inNested = problems.filter(({ path }) => /^(?:mlruns|20240101|detect)/.test(path));
    assertEquals(inNested, []);
  }
});

Deno.test("scanStore() takes an experiment named like a backup for an experiment", async () => {
  await using store = await tempStore({ experiments: [experiment({ id: "backup" })] });
  const { experiments, strays } = await scan(store.root);
  assertEquals([experiments.map(({ id }) => `${id}`), strays], [["backup"], []]);
});

Deno.test("scanStore() follows links that lead out of the store, and marks what lies behind", async () => {
  const linked = experiment({ id: "1", link: true, runs: [run({ id: runId(1) })] });
  const plain = experiment({
    id: "2",
    runs: [run({ id: runId(2), link: true }), run({ id: runId(3) })],
  });
  await using store = await tempStore({ experiments: [linked, plain] });
  const { experiments, strays } = await scan(store.root);
  assertEquals(
    experiments.flatMap((one) => [
      [one.path, one.link],
      ...one.runs.toSorted((a, b) => a.id < b.id ? -1 : 1).map((each) => [each.path, each.link]),
    ]),
    [
      ["1", true],
      [`1/${runId(1)}`, true],
      ["2", false],
      [`2/${runId(2)}`, true],
      [`2/${runId(3)}`, false],
    ],
  );
  assertEquals(strays, []);
});

Deno.test("scanStore() counts what a link into the store leads to once", async () => {
  await using store = await tempStore({
    experiments: [experiment({ id: "1", runs: [run()] }), experiment({ id: "2" })],
  });
  Deno.symlinkSync("1", join(store.root, "3"));
  Deno.symlinkSync(`../1/${runId(1)}`, join(store.root, "2", runId(1)));
  const { experiments, orphans, strays } = await scan(store.root);
  assertEquals(experiments.map(({ id, runs }) => [`${id}`, runs.length]), [["1", 1], ["2", 0]]);
  assertEquals(orphans, []);
  assertEquals(strays.map(({ path, kind }) => [path, kind]), [
    [`2/${runId(1)}`, "duplicate-link"],
    ["3", "duplicate-link"],
  ]);
});

Deno.test("scanStore() comes to an end where links go round", async () => {
  await using store = await tempStore({ experiments: [experiment({ link: true })] });
  Deno.symlinkSync("self", join(store.root, "self"));
  Deno.symlinkSync(".", join(store.root, "root"));
  Deno.symlinkSync("..", join(store.root, "1", "up"));
  Deno.symlinkSync(store.root, join(store.root, "1", "back"));
  const { experiments, strays } = await scan(store.root);
  assertEquals(experiments.map(({ damagedRuns }) => damagedRuns.map(({ path }) => `${path}`)), [
    ["1/up"],
  ]);
  assertEquals(strays.map(({ path, kind }) => [path, kind]), [
    ["1/back", "duplicate-link"],
    ["root", "duplicate-link"],
    ["self", "broken-link"],
  ]);
});

Deno.test("scanStore() takes what a notebook or editor left in an experiment for no run", async () => {
  await using store = await tempStore({ experiments: [experiment({ runs: [run()] })] });
  writeFiles(store.root, {
    "1/.ipynb_checkpoints/a.ipynb": "{}",
    "1/notes/a.txt": "",
    "1/a~/params/lr": "1",
    "2/.ipynb_checkpoints/a.ipynb": "{}",
  });
  Deno.mkdirSync(join(store.root, "1", "__pycache__"));
  const { experiments, orphans } = await scan(store.root);
  const damagedIn = (holders: readonly { readonly damagedRuns: readonly { path: string }[] }[]) =>
    holders.map(({ damagedRuns }) => damagedRuns.map(({ path }) => path).toSorted());
  assertEquals(damagedIn(experiments), [["1/a~", "1/notes"]]);
  assertEquals(orphans.map(({ damagedRuns, lostRuns }) => [damagedRuns.length, lostRuns]), [[
    0,
    0,
  ]]);
});

Deno.test("scanStore() takes a link to nothing for a stray", async () => {
  await using store = await tempStore({ experiments: [experiment()] });
  Deno.symlinkSync("nothing", join(store.root, "2"));
  Deno.symlinkSync("nothing", join(store.root, "1", runId(1)));
  const { experiments, strays } = await scan(store.root);
  assertEquals(experiments.map(({ runs, damagedRuns }) => [runs, damagedRuns]), [[[], []]]);
  assertEquals(strays.map(({ path, kind }) => [path, kind]), [
    [`1/${runId(1)}`, "broken-link"],
    ["2", "broken-link"],
  ]);
});

Deno.test("scanStore() at depth meta reads no tags, no stamps and no sizes", async () => {
  const tags = { "mlflow.note.content": "two\nlines ", "team/name": "vision", empty: "" };
  const written = { experiments: [experiment({ runs: [run({ tags })] })], orphans: [orphan()] };
  await using store = await tempStore(written);
  const [found] = (await scan(store.root, "meta")).experiments[0]?.runs ?? [];
  const [lost] = (await scan(store.root, "meta")).orphans;
  assertEquals([found?.tags, found?.stamp, found?.usage], [new Map(), "", null]);
  // What a clean-up would make of an orphan is told without a plan, too.
  const { newestChange } = (await scan(store.root, "tags")).orphans[0]!;
  assertEquals([lost?.newestChange, lost?.stamp, lost?.usage], [newestChange, "", null]);
  assertEquals(
    (await scan(store.root, "tags")).experiments[0]?.runs[0]?.tags,
    new Map(Object.entries(tags).toSorted()),
  );
});

Deno.test("scanStore() makes one problem of each file that cannot be read, and reads on", async () => {
  await using store = await tempStore({
    experiments: [
      experiment({
        id: "1",
        runs: [run({ id: runId(1) })],
        damagedRuns: [damagedRun({ id: runId(2), damage: "io" })],
      }),
      experiment({ id: "2" }),
    ],
    orphans: [orphan({ id: "3", damage: "io" }), orphan({ id: "4" })],
  });
  const { root } = store;
  Deno.symlinkSync("nothing", join(root, "4/meta.yaml"));
  Deno.writeFileSync(join(root, "2/meta.yaml"), Uint8Array.of(0x61, 0x3a, 0x20, 0xff));
  writeFiles(root, { [`1/${runId(1)}/tags`]: null });
  Deno.writeFileSync(join(root, `1/${runId(1)}/tags/bad`), Uint8Array.of(0xc3, 0x28));
  Deno.symlinkSync("nothing", join(root, `1/${runId(1)}/tags/gone`));
  const { experiments, orphans, problems } = await scan(root);
  assertEquals(problems.map(({ path, subject, damage }) => [path, subject, damage]), [
    [`1/${runId(1)}/tags/bad`, "tags", "unreadable"],
    [`1/${runId(1)}/tags/gone`, "tags", "io"],
    [`1/${runId(2)}`, "run", "io"],
    ["2", "experiment", "unreadable"],
    ["3", "experiment", "io"],
    ["4", "experiment", "missing"],
  ]);
  assertEquals(experiments.map(({ id, runs }) => [`${id}`, runs.length]), [["1", 1]]);
  assertEquals(orphans.map(({ id, damage }) => [id, damage]), [
    ["2", "unreadable"],
    ["3", "io"],
    ["4", "missing"],
  ]);
});

Deno.test("scanStore() names the entries of an orphan that MLflow does not write", async () => {
  await using store = await tempStore({ orphans: [orphan({ id: "data" })] });
  writeFiles(store.root, {
    "data/images/1.png": "",
    "data/list.csv": "",
    "data/run/metrics/m": "",
  });
  setTimes(join(store.root, "data"), NOW - DAY);
  const [found] = (await scan(store.root)).orphans;
  assertEquals(found?.foreign.toSorted(), ["images", "list.csv"]);
  assertEquals(found?.newestChange, NOW - DAY);
});

Deno.test("scanStore() counts in an orphan what a repair may bring back", async () => {
  await using store = await tempStore();
  const [hollow, lost, id] = ["1", "2", "420101650667246494"];
  writeFiles(store.root, {
    [`${hollow}/${runId(1)}/metrics`]: null,
    [`${hollow}/${runId(2)}/meta.yaml`]: "",
    [`${lost}/${runId(1)}/params/lr`]: "0.1",
    [`${lost}/${runId(2)}/meta.yaml`]: "status: 3\n",
    [`${lost}/models/m-1/meta.yaml`]: "",
    [`${lost}/traces/tr-1/request_metadata/k`]: "",
    [`${id}/results.csv`]: "mine",
  });
  const held = ({ orphans }: StoreSnapshot) =>
    orphans.map((one) => [one.id, one.lostRuns, one.modelDirectories, one.traces, one.foreign]);
  assertEquals(held(await scan(store.root)), [
    [hollow, 0, 0, 0, []],
    [lost, 2, 1, 1, []],
    [id, 0, 0, 0, ["results.csv"]],
  ]);
});

Deno.test("scanStore() takes the artifacts of a run that lives in a database for nobody's remains", async () => {
  const [empty, full, year] = ["a".repeat(32), "b".repeat(32), "2024"];
  await using store = await tempStore();
  writeFiles(store.root, {
    [`${empty}/${runId(1)}/artifacts`]: null,
    [`${full}/${runId(1)}/artifacts/model/MLmodel`]: "",
    [`${year}/sales.csv`]: "",
  });
  const foreign = (await scan(store.root)).orphans.map((one) => [one.id, one.foreign]);
  assertEquals(foreign, [[year, ["sales.csv"]], [empty, []], [full, [runId(1)]]]);
});

Deno.test("scanStore() gives the same fingerprint as long as nothing changes", async () => {
  await using store = await tempStore({
    experiments: [experiment({ runs: [run(), deletedRun({ id: runId(2) })] })],
    orphans: [orphan()],
  });
  const { fingerprint } = await scan(store.root);
  const changes: Record<string, string> = {
    [`1/${runId(1)}/tags/mlflow.parentRunId`]: runId(2),
    [`1/${runId(1)}/meta.yaml`]: runMeta(run({ name: "renamed" })),
    [`1/${runId(2)}/artifacts/model`]: "more",
    "5fbbd685931c4616bdc67005b055056d/notes.txt": "more",
    "models/model/version-1/meta.yaml": `name: model\nrun_id: ${runId(1)}\nversion: 1\n`,
  };
  const seen = [fingerprint];
  for (const [path, text] of Object.entries(changes)) {
    writeFiles(store.root, { [path]: text });
    const { fingerprint } = await scan(store.root);
    assertEquals((await scan(store.root)).fingerprint, fingerprint);
    seen.push(fingerprint);
  }
  assertEquals(new Set(seen).size, seen.length);
});

Deno.test("scanStore() counts runs as it goes, of as many as the file system counts", async () => {
  await using store = await tempStore({
    experiments: [experiment({ runs: [run()], damagedRuns: [damagedRun({ id: runId(2) })] })],
  });
  const seen: (readonly [runs: number, all: number | undefined])[] = [];
  await scanStore(store.root, {
    depth: "meta",
    sizes: false,
    now: NOW,
    onProgress: (runs, all) => seen.push([runs, all]),
  });
  const counts = Deno.statSync(`${store.root}/1`).nlink === 4;
  const all = counts ? 2 : undefined;
  assertEquals(seen, [[1, all], [2, all]]);
});

Deno.test("scanStore() stops between experiments when it is told to", async () => {
  await using store = await tempStore({
    experiments: [experiment({ id: "1", runs: [run()] }), experiment({ id: "2", runs: [run()] })],
  });
  const controller = new AbortController();
  let runs = 0;
  const onProgress = () => {
    runs++;
    controller.abort();
  };
  await assertRejects(
    () =>
      scanStore(store.root, {
        depth: "tags",
        sizes: false,
        now: NOW,
        onProgress,
        signal: controller.signal,
      }),
    DOMException,
  );
  assertEquals(runs, 1);
});

Deno.test("scanStore() notices that .trash is missing", async () => {
  await using store = await tempStore({ ...snapshot(), hasTrash: false });
  assertEquals((await scan(store.root)).hasTrash, false);
});

Deno.test({
  name: "scanStore() waits for no pipe that stands where a record should be",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using store = await tempStore({ experiments: [experiment({ runs: [run()] })] });
    const pipe = (path: string) => {
      Deno.removeSync(join(store.root, path));
      const made = new Deno.Command("mkfifo", { args: [join(store.root, path)] }).outputSync();
      assertEquals(made.code, 0);
    };
    pipe(`1/${runId(1)}/meta.yaml`);
    assertEquals((await scan(store.root)).experiments[0]!.damagedRuns.map(({ damage }) => damage), [
      "unreadable",
    ]);
    pipe("1/meta.yaml");
    assertEquals((await scan(store.root)).orphans.map(({ damage }) => damage), ["unreadable"]);
  },
});

Deno.test("scanStore() makes a problem of what stands where MLflow needs a directory", async () => {
  for (const name of [".trash", "models"]) {
    await using store = await tempStore({ ...snapshot(), hasTrash: false });
    const inTheWay = async () => {
      const { hasTrash, problems } = await scan(store.root);
      return [hasTrash, problems.map(({ path, subject, damage }) => [path, subject, damage])];
    };
    const expected = [name === ".trash", [[name, "directory", "not-a-directory"]]];
    Deno.symlinkSync("not-mounted", join(store.root, name));
    assertEquals(await inTheWay(), expected);
    Deno.removeSync(join(store.root, name));
    writeFiles(store.root, { [name]: "" });
    assertEquals(await inTheWay(), expected);
  }
});

Deno.test("scanStore() stamps a run as it was before it was read, so that no later change is missed", async () => {
  await using store = await tempStore({ experiments: [experiment({ runs: [run()] })] });
  const at = join(store.root, run().path, "meta.yaml");
  // Each version has the time that it tells, and is there at once.
  const writer = new Worker(
    `data:text/javascript,${
      encodeURIComponent(`
        const [at, text] = ${JSON.stringify([at, runMeta(run())])};
        for (let second = 1_000_000_000; second < 1_000_005_000; second++) {
          Deno.writeTextFileSync(at + ".new", text.replace(/(?<=end_time: ).*/, second * 1000));
          Deno.utimeSync(at + ".new", second, second);
          Deno.renameSync(at + ".new", at);
        }
        self.postMessage("done");
      `)
    }`,
    { type: "module" },
  );
  let isDone = false;
  writer.onmessage = () => isDone = true;
  const missed: string[] = [];
  while (!isDone) {
    const { stamp, endTime } = (await scan(store.root)).experiments[0]!.runs[0]!;
    const [changed] = stamp.split(":").slice(-1);
    if (Number(changed) > endTime! && endTime! < NOW) missed.push(`${changed} > ${endTime}`);
    await new Promise((resolve) => setTimeout(resolve));
  }
  writer.terminate();
  assertEquals(missed, []);
});
