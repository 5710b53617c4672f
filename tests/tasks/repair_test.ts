import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "@std/path";
import { remedyText } from "../../lib/render/commands.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import { RULES } from "../../lib/verify/rules.ts";
import { verifySnapshot } from "../../lib/verify/verify_snapshot.ts";
import { parseMetaYaml } from "../../lib/yaml/meta_yaml.ts";
import { backup } from "../../tasks/backups/backup.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { openStore } from "../../tasks/open_store.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { prune } from "../../tasks/prune.ts";
import { repair, type RepairOptions, repairPolicyOf } from "../../tasks/repair.ts";
import { verify } from "../../tasks/verify.ts";
import { DAY, HOUR } from "../_support/builders.ts";
import { checkRepairAndUndo } from "../_support/check_repair.ts";
import { isLong } from "../_support/depth.ts";
import {
  CHILD,
  child,
  type Damage,
  type DamagedStore,
  DATASET,
  DELETED,
  EMPTY,
  input,
  layOutHealthy,
  MAIN,
  openDamaged,
  PARENT,
  REGISTRY,
  RUNNING,
} from "../_support/damage.ts";
import { DAMAGES } from "../_support/damages.ts";
import { hasSetpriv, runTaskWithout } from "../_support/other_rights.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

/** Months after everything in the healthy stores. */
const NOW = Date.UTC(2026, 11, 1);
const NOW_OR_LATER = Date.now() + HOUR;

interface Opened extends DamagedStore, AsyncDisposable {
  readonly store: Store;
}

/** A healthy store of real MLflow, all of it months old. */
async function healthyStore(base: "2.22" | "3.17" = "2.22", root = "mlruns"): Promise<Opened> {
  const directory = await memoryDirectory();
  const place = join(directory.path, root);
  layOutHealthy(place, base);
  const damaged = openDamaged(place);
  damaged.age(".", Date.UTC(2026, 4, 2));
  const store = await openStore(place, { now: () => NOW });
  return {
    ...damaged,
    store,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

async function damagedStore(damage: Damage): Promise<Opened> {
  const opened = await healthyStore(damage.base, damage.root);
  damage.inflict(opened);
  return { ...opened, store: await openStore(opened.root, { now: () => NOW_OR_LATER }) };
}

const treeOf = (root: string) => readTree(root, { except: [".mltidy.trash"] });
const read = ({ root }: Opened, path: string) => Deno.readTextFileSync(join(root, path));
const metaOf = (opened: Opened, path: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...parseMetaYaml(read(opened, `${path}/meta.yaml`))]
      .map(([key, node]) => [key, node.kind === "scalar" ? node.text : node.kind]),
  );
/** No run is stale unless a test says so, and no damage too young. */
const plan = (store: Store, options: RepairOptions = {}) =>
  repair(store, { settle: 0, staleAfter: 10_000 * DAY, ...options });
const apply = (store: Store, options: RepairOptions = {}) =>
  plan(store, { ...options, apply: true });
const kindsOf = ({ actions }: Plan) => actions.map(({ kind, path }) => `${kind} ${path}`);

Deno.test("repair() mends every damage or leaves it, plans nothing more, and is undone byte for byte", async (t) => {
  const first = Map.groupBy(DAMAGES, ({ rule }) => rule).values().map(([one]) => one!);
  const mended = new Set(RULES.filter(({ repairable }) => repairable).map(({ id }) => id));
  for (
    const damage of isLong ? DAMAGES : first.filter(({ rule }) => rule !== null && mended.has(rule))
  ) {
    await t.step(damage.name, async () => {
      await using opened = await damagedStore(damage);
      const relocate = /moved$/.test(damage.rule ?? "");
      await checkRepairAndUndo(
        opened.store,
        { settle: 0, relocate, staleAfter: 90 * DAY },
        damage.name,
      );
    });
  }
});

async function keepMetadata(store: Store): Promise<void> {
  await using locked = await lockStore(store, { task: "preflight" });
  await locked.mending!.keepMetadata(await store.read({ depth: "tags" }));
}

Deno.test("repair() puts an experiment's record together from its runs, and says that the name is lost", async () => {
  await using opened = await healthyStore();
  const before = metaOf(opened, MAIN);
  opened.remove(`${MAIN}/meta.yaml`);
  const { plan: planned } = await apply(opened.store);
  assertEquals(kindsOf(planned), [`write-meta ${MAIN}`]);
  assertEquals(planned.actions[0]!.reasons.slice(0, 2), [
    { kind: "broken", message: "meta.yaml does not exist" },
    {
      kind: "evidence",
      of: "artifact_location",
      value: before["artifact_location"]!,
      from: "its runs",
    },
  ]);
  const after = metaOf(opened, MAIN);
  assertEquals(after["name"], `recovered-${MAIN}`);
  assertEquals(after["artifact_location"], before["artifact_location"]);
  assertEquals(after["experiment_id"], MAIN);
  assertEquals(after["lifecycle_stage"], "active");
  assertMatch(read(opened, `${MAIN}/tags/mltidy.recovered`), /rebuilt/);
});

Deno.test("repair() brings a record back exactly from the metadata that the last apply kept", async () => {
  await using opened = await healthyStore();
  await prune(opened.store, { olderThan: "100000d", apply: true });
  await keepMetadata(opened.store);
  const dataset = `${MAIN}/datasets/${DATASET}`;
  const paths = [MAIN, child, input, dataset, `${REGISTRY}/version-1`, REGISTRY];
  const before = paths.map((path) => read(opened, `${path}/meta.yaml`));
  for (const path of paths) opened.write(`${path}/meta.yaml`, "");
  await apply(opened.store);
  assertEquals(paths.map((path) => read(opened, `${path}/meta.yaml`)), before);
});

Deno.test("repair() brings a record back exactly from a copy backup, not from one that was damaged", async () => {
  await using opened = await healthyStore();
  const before = read(opened, `${MAIN}/meta.yaml`);
  await backup(opened.store, { scope: { kind: "metadata" } });
  opened.edit(`${MAIN}/meta.yaml`, (text) => text.slice(0, 30));
  const later = await openStore(opened.root, { now: () => NOW + DAY });
  await backup(later);
  const { plan: planned } = await apply(later);
  assertEquals(read(opened, `${MAIN}/meta.yaml`), before);
  const [, evidence] = planned.actions[0]!.reasons;
  assertMatch(JSON.stringify(evidence), /backup 20261201T000000Z-backup of 2026-12-01/);
});

Deno.test("repair() tells apart names that another experiment has taken since", async () => {
  await using opened = await healthyStore();
  await keepMetadata(opened.store);
  const { name } = metaOf(opened, MAIN);
  opened.remove(`${MAIN}/meta.yaml`);
  opened.set(`${EMPTY}/meta.yaml`, "name", JSON.stringify(name));
  await apply(opened.store);
  assertEquals(metaOf(opened, MAIN)["name"], `${name} (recovered ${MAIN})`);
  assertEquals(metaOf(opened, EMPTY)["name"], name);
});

Deno.test("repair() moves nothing of a registered model away, were a version's directory empty", async () => {
  await using opened = await healthyStore();
  const version = `${REGISTRY}/version-1`;
  opened.remove(version);
  opened.makeDirectory(version);
  opened.write(`${REGISTRY}/aliases/.DS_Store`, "");
  opened.makeDirectory("models/emptied/version-1");
  const { plan: planned } = await apply(opened.store);
  assertEquals(kindsOf(planned), []);
  const left = planned.kept.find(({ path }) => path === version);
  assertEquals(left?.reasons.map(({ kind }) => kind), ["needs-choice"]);
});

const canLack = await hasSetpriv();
// deno-lint-ignore no-console -- a skipped test says why.
if (!canLack) console.error("Skipping a test of what cannot be read: it takes root and setpriv");

Deno.test({
  name: "repair and preflight mend the rest of a store in which a directory cannot be read",
  ignore: !canLack,
  fn: async () => {
    for (const task of ["repair:apply", "preflight"]) {
      for (const closed of isLong ? [child, EMPTY, REGISTRY] : [child]) {
        await using opened = await healthyStore();
        opened.remove(`${MAIN}/${PARENT}/artifacts`);
        opened.age(".", Date.UTC(2026, 4, 2));
        Deno.chmodSync(join(opened.root, closed), 0);
        const store = ["--store", opened.root];
        const said = task === "preflight"
          ? await runTaskWithoutPrivilege(task, store)
          : await runTaskWithoutPrivilege("repair", store) +
            await runTaskWithoutPrivilege(task, [...store, "--force"]);
        Deno.chmodSync(join(opened.root, closed), 0o755);
        assertMatch(said, /Permission denied/, closed);
        assert(!/os error|lstat/.test(said), said);
        assert(Deno.statSync(join(opened.root, MAIN, PARENT, "artifacts")).isDirectory, said);
      }
    }
  },
});

/** What all others meet who may not pass over permissions. */
async function runTaskWithoutPrivilege(task: string, words: readonly string[]): Promise<string> {
  return (await runTaskWithout(["dac_override", "dac_read_search"], task, words)).said;
}

Deno.test({
  name: "verify, repair and preflight open no pipe",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using opened = await healthyStore();
    const pipes = [
      `${child}/metrics/pipe`,
      `${child}/params/pipe`,
      `${child}/tags/pipe`,
      `${REGISTRY}/aliases/pipe`,
    ];
    for (const path of pipes) {
      await new Deno.Command("mkfifo", { args: [join(opened.root, path)] }).output();
    }
    opened.link(`${child}/params/.#lr`, "kim@host.1:2");
    const { plan: planned } = await plan(opened.store);
    assertEquals(kindsOf(planned), []);
    const found = verifySnapshot(await opened.store.read({ depth: "full" }))
      .filter(({ rule }) => rule !== "stale-run" && rule !== "experiment-name-held");
    assertEquals(
      Object.fromEntries(found.map(({ path, remedy }) => [path, remedyText(remedy)])),
      {
        ...Object.fromEntries(pipes.map((path) => [path, "Move it out of the store"])),
        [`${child}/params/.#lr`]: "Remove the link",
      },
    );
  },
});

Deno.test("repair() leaves an experiment whose runs name several places, and lists them", async () => {
  await using opened = await healthyStore();
  opened.set(`${child}/meta.yaml`, "artifact_uri", `s3://bucket/1/${CHILD}/artifacts`);
  opened.remove(`${MAIN}/meta.yaml`);
  const planned = await plan(opened.store);
  assertEquals(kindsOf(planned.plan), []);
  const [reason] = planned.plan.kept.find(({ path }) => path === MAIN)!.reasons;
  assert(reason.kind === "needs-choice");
  assertMatch(reason.choices[0], /s3:\/\/bucket\/1, file:|file:.*, s3:\/\/bucket\/1/);
});

Deno.test("repair() puts a run's record together: keys that it does not know survive, both ids are written", async () => {
  await using opened = await healthyStore();
  const before = metaOf(opened, child);
  opened.edit(`${child}/meta.yaml`, (text) => {
    const cut = text.slice(0, text.indexOf("run_name"));
    return `a_key_of_ours: 'kept'\n${cut}run_na`;
  });
  await apply(opened.store);
  const after = metaOf(opened, child);
  assertEquals(after["a_key_of_ours"], "kept");
  assertEquals([after["run_id"], after["run_uuid"]], [CHILD, CHILD]);
  for (const key of ["artifact_uri", "end_time", "experiment_id", "lifecycle_stage", "run_name"]) {
    assertEquals(after[key], before[key], key);
  }
  assertEquals(after["status"], "4");
});

Deno.test("repair() leaves damage alone that is younger than a minute: MLflow may be writing", async () => {
  await using opened = await healthyStore();
  opened.write(`${child}/meta.yaml`, "");
  const path = join(opened.root, child, "meta.yaml");
  Deno.utimeSync(path, new Date(NOW - 30_000), new Date(NOW - 30_000));
  const planned = await repair(opened.store);
  assertEquals(kindsOf(planned.plan).filter((each) => each.includes(CHILD)), []);
  assertEquals(planned.plan.kept.find((each) => each.path === child)!.reasons, [
    { kind: "changed-recently", age: 30_000, limit: 60_000 },
  ]);
});

Deno.test("repair() ends a stale run at its last sign of life, and not the parent of one that goes on", async () => {
  await using opened = await healthyStore();
  opened.age(`${MAIN}/${RUNNING}`, NOW - 30 * DAY);
  opened.set(`${MAIN}/${PARENT}/meta.yaml`, "status", "1");
  opened.age(`${MAIN}/${PARENT}`, NOW - 30 * DAY);
  const killed = await repair(opened.store, { finishAs: "KILLED" });
  assertEquals(
    kindsOf(killed.plan).sort(),
    [
      `finish-stale-run ${MAIN}/${PARENT}`,
      `finish-stale-run ${MAIN}/${RUNNING}`,
    ].sort(),
  );
  opened.write(`${MAIN}/${RUNNING}/tags/mlflow.parentRunId`, PARENT);
  opened.age(`${MAIN}/${RUNNING}`, NOW - 2 * DAY);
  assertEquals(kindsOf((await repair(opened.store)).plan), []);
  const { plan: planned } = await apply(opened.store, { staleAfter: DAY, finishAs: "KILLED" });
  assertEquals(planned.actions.length, 2);
  const { status, end_time } = metaOf(opened, `${MAIN}/${RUNNING}`);
  assertEquals([status, Number(end_time)], ["5", NOW - 2 * DAY]);
});

Deno.test("repair() relocates all that a moved store names by its former place, and nothing else", async () => {
  await using opened = await healthyStore("3.17");
  const moved = `${opened.root} 이사`;
  await Deno.rename(opened.root, moved);
  const elsewhere = openDamaged(moved);
  elsewhere.set(`${MAIN}/${PARENT}/meta.yaml`, "artifact_uri", "s3://bucket/x/artifacts");
  const store = await openStore(moved, { now: () => NOW });
  const { plan: planned, report } = await apply(store, { relocate: true, from: opened.root });
  assert(report?.complete);
  assert(planned.actions.length > 8);
  const texts = [...await treeOf(moved)].flatMap(([path, entry]) =>
    entry.kind === "file" && !path.includes("/artifacts/") ? [[path, entry.content] as const] : []
  );
  const former = texts.filter(([path, text]) =>
    /meta\.yaml$|artifactLocation$/.test(path) && text.includes(`${opened.root}/`)
  );
  assertEquals(former.map(([path]) => path), []);
  assertMatch(Deno.readTextFileSync(join(moved, child, "meta.yaml")), /mlruns%20%EC%9D%B4/);
  assertMatch(Deno.readTextFileSync(join(moved, MAIN, PARENT, "meta.yaml")), /s3:\/\/bucket\/x/);
  const findings = verifySnapshot(await store.read({ depth: "full" }));
  assertEquals(findings.filter(({ severity }) => severity !== "info"), []);
  assertEquals(kindsOf((await plan(store, { relocate: true })).plan), []);
});

Deno.test("repair() relocates all that verify() calls moved", async () => {
  const left: string[] = [];
  for (const damage of DAMAGES.filter(({ rule }) => rule?.endsWith("-moved"))) {
    await using opened = await damagedStore(damage);
    await apply(opened.store, { relocate: true });
    const findings = verifySnapshot(await opened.store.read({ depth: "full" }));
    if (findings.some(({ rule }) => rule.endsWith("-moved"))) left.push(damage.name);
  }
  assertEquals(left, []);
});

Deno.test("repair() relocates a copy whose original is still there, of which verify() warns", async () => {
  await using original = await healthyStore();
  await using copied = await healthyStore();
  const names = (path: string) =>
    copied.edit(path, (text) => text.replaceAll(copied.root, original.root));
  names(`${MAIN}/meta.yaml`);
  const moved = async () =>
    verifySnapshot(await copied.store.read({ depth: "full" }))
      .filter(({ rule }) => rule === "experiment-location-moved").map(({ path }) => `${path}`);
  assertEquals(await moved(), [MAIN]);
  // The original may be what is meant: its owner alone can tell.
  assertEquals(kindsOf((await plan(copied.store, { relocate: true })).plan), []);
  const remedies = async () =>
    (await verify(copied.store)).findings.flatMap(({ rule, remedy }) =>
      rule === "experiment-location-moved" ? [remedyText(remedy)] : []
    );
  assertEquals(await remedies(), [
    "Rewrite the place that it names with " +
    `\`deno task repair --relocate --from ${original.root}\``,
  ]);
  await apply(copied.store, { relocate: true, from: original.root });
  assertEquals(await moved(), []);
});

Deno.test("repair() leaves records alone that name places which are there on purpose", async () => {
  await using opened = await healthyStore("3.17");
  await using volume = await memoryDirectory();
  const elsewhere = (path: string) => join(volume.path, path);
  opened.set(`${MAIN}/meta.yaml`, "artifact_location", `file://${elsewhere(MAIN)}`);
  opened.set(`${child}/meta.yaml`, "artifact_uri", `file://${elsewhere(child)}/artifacts`);
  const version = `${REGISTRY}/version-1`;
  const source = elsewhere(`${MAIN}/${PARENT}/artifacts/model`);
  opened.set(`${version}/meta.yaml`, "source", source);
  opened.set(`${version}/meta.yaml`, "storage_location", source);
  for (const path of [`${child}/artifacts`, `${MAIN}/${PARENT}/artifacts/model`]) {
    Deno.mkdirSync(elsewhere(path), { recursive: true });
  }
  assertEquals(kindsOf((await plan(opened.store, { relocate: true })).plan), []);
});

Deno.test("repair() makes the record of the default experiment anew, which needs no evidence", async () => {
  await using opened = await healthyStore();
  opened.remove("0/meta.yaml");
  assertEquals(kindsOf((await apply(opened.store)).plan), ["write-meta 0"]);
  assertEquals(metaOf(opened, "0")["name"], "Default");
});

Deno.test("repair() names the former root only where records are relocated", async () => {
  await using opened = await healthyStore();
  await assertRejects(() => repair(opened.store, { from: "/old" }), RangeError, "relocate");
});

Deno.test("repair() gives the name of a deleted experiment free for the active one", async () => {
  await using opened = await healthyStore();
  const { name } = metaOf(opened, MAIN);
  opened.set(`.trash/${DELETED}/meta.yaml`, "name", JSON.stringify(name));
  await apply(opened.store);
  assertEquals(metaOf(opened, `.trash/${DELETED}`)["name"], `${name} (deleted ${DELETED})`);
  assertEquals(metaOf(opened, MAIN)["name"], name);
});

Deno.test("repair() skips what changed after it was planned", async () => {
  await using opened = await healthyStore();
  opened.edit(`${child}/metrics/val/loss`, (text) => `${text}17775`);
  const { plan: { actions } } = await plan(opened.store);
  assertEquals(actions.map(({ kind, path }) => `${kind} ${path}`), [
    `trim-metric-file ${child}/metrics/val/loss`,
  ]);
  await using locked = await lockStore(opened.store, { task: "repair" });
  await using change = await locked.begin({
    task: "repair",
    actions,
    now: NOW,
    keepBackup: true,
  });
  opened.edit(`${child}/metrics/val/loss`, (text) => `${text}93609002 0.5 2\n`);
  const [outcome] = await Array.fromAsync(change.performAll());
  assertEquals(outcome?.outcome === "skipped" && outcome.because, "changed-since-plan");
  assertEquals(await change.finish(), null);
});

Deno.test("repair() asks again when it would make other directories than it was allowed to", async () => {
  await using opened = await healthyStore();
  for (const name of ["metrics", "params"]) opened.remove(`${child}/${name}`);
  const asked: unknown[] = [];
  const { report } = await apply(opened.store, {
    approve: ({ actions }) => {
      asked.push(actions.map((action) => action.kind === "create-dirs" && action.directories));
      Deno.mkdirSync(join(opened.root, `${child}/metrics`), { recursive: true });
      return Promise.resolve(asked.length < 3);
    },
  });
  assertEquals(asked, [[[`${child}/metrics`, `${child}/params`]], [[`${child}/params`]]]);
  assertEquals(report?.complete, true);
});

Deno.test("repair() does not ask again because an experiment is made at another moment", async () => {
  await using opened = await healthyStore();
  opened.remove("0");
  let [now, asked] = [NOW_OR_LATER, 0];
  const { report } = await apply(await openStore(opened.root, { now: () => now }), {
    approve: () => {
      now += HOUR;
      return Promise.resolve(++asked < 3);
    },
  });
  assertEquals([report?.complete, asked], [true, 1]);
  assertMatch(
    Deno.readTextFileSync(join(opened.root, "0/meta.yaml")),
    new RegExp(`^creation_time: ${now}$`, "m"),
  );
});

Deno.test("an experiment that was made stays when its repair is undone, once it holds something", async () => {
  await using opened = await healthyStore();
  opened.remove("0");
  opened.remove(`${child}/params`);
  const { report } = await apply(opened.store);
  const meta = Deno.readTextFileSync(join(opened.root, "0/meta.yaml"));
  opened.write(`0/${CHILD}/tags/a`, "b");
  await restore(opened.store, { id: report!.backup!.id });
  assertEquals(Deno.readTextFileSync(join(opened.root, "0/meta.yaml")), meta);
  assertEquals(Deno.readTextFileSync(join(opened.root, `0/${CHILD}/tags/a`)), "b");
  assertEquals(existsSync(join(opened.root, `${child}/params`)), false);
});

for (const state of ["directory", "record"] as const) {
  Deno.test(`a repair that is cut off after the ${state} of an experiment is taken back, and done by the next`, async () => {
    await using opened = await healthyStore();
    opened.remove("0");
    const tree = () => readTree(opened.root, { except: [".mltidy.trash"] });
    const before = await tree();
    const { plan: { actions } } = await repair(opened.store);
    {
      await using locked = await lockStore(opened.store, { task: "repair" });
      await using change = await locked.begin({
        task: "repair",
        actions,
        now: NOW,
        keepBackup: true,
      });
      if (state === "record") await Array.fromAsync(change.performAll());
      else opened.makeDirectory("0");
      assertEquals(existsSync(join(opened.root, "0/meta.yaml")), state === "record");
    }
    assertSameTree(await tree(), before);
    assertEquals((await apply(opened.store)).report?.complete, true);
  });
}

Deno.test("repair() does not ask again because what it writes is stamped with the moment", async () => {
  await using opened = await healthyStore();
  const path = join(opened.root, `.trash/${DELETED}/meta.yaml`);
  const text = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(path, text.replace("lifecycle_stage: deleted", "lifecycle_stage: active"));
  let [now, asked] = [NOW_OR_LATER, 0];
  const { plan: planned, report } = await apply(
    await openStore(opened.root, { now: () => now }),
    {
      approve: () => {
        now += HOUR;
        return Promise.resolve(++asked < 3);
      },
    },
  );
  assertEquals([kindsOf(planned), report?.complete, asked], [
    [`set-stage .trash/${DELETED}`],
    true,
    1,
  ]);
});

Deno.test("repairPolicyOf() takes ages as text, too", () => {
  assertEquals(repairPolicyOf({ settle: "2h", staleAfter: 3 * DAY }), {
    settle: 2 * HOUR,
    staleAfter: 3 * DAY,
    finishAs: "FAILED",
    relocate: null,
  });
});

Deno.test("repair() lets records name where things are, and never where less of them is", async () => {
  const uriOf = (text: string) => parseMetaYaml(text).get("artifact_uri");
  const relocate = { relocate: true, apply: true } as const;
  for (const former of ["./mlruns", "~/elsewhere/mlruns", "file:///srv/gone"]) {
    await using opened = await healthyStore();
    opened.set(`${child}/meta.yaml`, "artifact_uri", `${former}/${MAIN}/${CHILD}/artifacts`);
    await repair(opened.store, relocate);
    const text = Deno.readTextFileSync(join(opened.root, child, "meta.yaml"));
    assertEquals(uriOf(text), uriOf(`artifact_uri: file://${opened.root}/${child}/artifacts\n`));
  }
  for (const isHere of [true, false]) {
    await using opened = await healthyStore();
    const sibling = `${EMPTY}/${CHILD}/artifacts`;
    opened.set(`${child}/meta.yaml`, "artifact_uri", `file://${opened.root}/${sibling}`);
    if (!isHere) {
      opened.move(`${child}/artifacts`, sibling);
      opened.makeDirectory(`${child}/artifacts`);
    }
    await repair(opened.store, relocate);
    const text = Deno.readTextFileSync(join(opened.root, child, "meta.yaml"));
    const place = isHere ? `${child}/artifacts` : sibling;
    assertEquals(uriOf(text), uriOf(`artifact_uri: file://${opened.root}/${place}\n`));
  }
});

Deno.test("repair() plans no record where no file can stand, and says what is in its place", async () => {
  await using opened = await healthyStore();
  opened.remove(`${child}/meta.yaml`);
  opened.makeDirectory(`${child}/meta.yaml`);
  opened.age(child, Date.UTC(2026, 4, 2));
  const { plan } = await repair(opened.store);
  const at = (path: string) => path === child;
  assertEquals(plan.actions.filter(({ path }) => at(path)), []);
  const [kept] = plan.kept.filter(({ path }) => at(path));
  assertEquals(kept?.reasons, [{
    kind: "needs-choice",
    message: "Is a directory",
    choices: ["move away what stands in place of its record, then repair again"],
  }]);
  const [finding] = (await verify(opened.store)).findings.filter(({ path }) => at(path));
  assertEquals(
    remedyText(finding?.remedy ?? null),
    "Move away what stands in place of its record, then repair the store",
  );
});
