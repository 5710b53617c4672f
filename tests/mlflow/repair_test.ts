// deno-lint-ignore-file no-console -- how much was mended is worth a line.
/**
 * Repairs before the judge: whatever `repair` mends, MLflow lists, searches and opens without a warning,
 * and shows as it did before.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { remedyText } from "../../lib/render/commands.ts";
import { verifySnapshot } from "../../lib/verify/verify_snapshot.ts";
import { openStore } from "../../tasks/open_store.ts";
import { repair } from "../../tasks/repair.ts";
import {
  child,
  type Damage,
  type DamagedStore,
  DELETED,
  layOutDamaged,
  layOutHealthy,
  MAIN,
} from "../_support/damage.ts";
import { DAMAGES } from "../_support/damages.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { type Answer, askStores, BASES, CORRECTED } from "./damaged_stores.ts";
import { testEachVersion } from "./each_version.ts";
import { type MlflowVersion, runPython, settings } from "./python.ts";

const HOUR = 3_600_000;

/** What else is broken in the same stroke, and nobody can tell how it was. */
const BEYOND = new Set([
  "an input's dataset has lost its meta.yaml",
  // Its directory has another name still, which `registered-model-renamed` says.
  "a registered model's name is 1.5",
]);

const main = `${MAIN}/meta.yaml`;

/** Damage that only shows its worth, or its danger, in an experiment with runs. */
const FURTHER: readonly Damage[] = [
  {
    name: "an experiment with runs has lost its meta.yaml",
    rule: "experiment-meta-missing",
    inflict: (s) => s.remove(main),
  },
  {
    name: "an experiment with runs and traces has lost its meta.yaml",
    rule: "experiment-meta-missing",
    base: "3.17",
    inflict: (s) => s.remove(main),
  },
  {
    name: "the meta.yaml of an experiment with runs is cut off",
    rule: "experiment-meta-unreadable",
    inflict: (s) => s.edit(main, (text) => text.slice(0, text.indexOf("experiment_id: '") + 20)),
  },
  {
    name: "the meta.yaml of an experiment with runs is filled with zeros",
    rule: "experiment-meta-unreadable",
    inflict: (s) => s.edit(main, (text) => "\0".repeat(text.length)),
  },
  {
    name: "an experiment and one of its runs have lost their meta.yaml",
    rule: "experiment-meta-missing",
    inflict: (s) => {
      s.remove(main);
      s.remove(`${child}/meta.yaml`);
    },
  },
  {
    name: "a deleted experiment has lost its meta.yaml",
    rule: "experiment-meta-missing",
    inflict: (s) => s.remove(`.trash/${DELETED}/meta.yaml`),
  },
  {
    name: "a notebook has left its checkpoints in the root",
    rule: "unlistable-directory",
    inflict: (s) => s.write(".ipynb_checkpoints/a.ipynb", "{}"),
  },
  ...BASES.map((base): Damage => ({
    name: `a store of MLflow ${base} that was moved`,
    rule: "everything-moved",
    base,
    inflict: (s) => renameRoot(s, "."),
  })),
];

/** As if the store had been elsewhere when MLflow wrote it. */
function renameRoot(store: DamagedStore, folder: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(join(store.root, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) renameRoot(store, path);
    else if (/^meta\.yaml$|^mlflow\.artifactLocation$/.test(name)) {
      store.edit(path, (text) => text.replaceAll(store.root, "/srv/old/mlruns"));
    }
  }
}

async function mend(root: string, damage: Damage): Promise<boolean> {
  await using store = await openStore(root, { now: () => Date.now() + HOUR });
  const relocate = /moved$/.test(damage.rule ?? "");
  const options = { settle: 0, relocate, staleAfter: 90 * 24 * HOUR };
  const { plan, report } = await repair(store, { ...options, apply: true });
  if (report !== null) {
    assert(report.complete, `${damage.name}: ${JSON.stringify(report.outcomes)}`);
  }
  return report !== null && plan.kept.length === 0;
}

function complaints(
  { rule, changes = /^$/ }: Damage,
  mended: Answer,
  damaged: Answer,
  healthy: Answer,
): string[] {
  const isNew = (found: Answer["raised"], known: Answer["raised"]) =>
    Object.entries(found).filter(([what]) => !(what in known))
      .map(([what, why]) => `${what}: ${why}`);
  const corrected = CORRECTED[rule ?? ""] ?? /^$/;
  const changed = Object.entries(damaged.shown)
    .filter(([path, value]) => mended.shown[path] !== value && !corrected.test(path))
    .map(([path, value]) => `${path} was ${value}, and is ${mended.shown[path]}`);
  const hidden = Object.keys(healthy.shown)
    .filter((path) => /^runs\/[^/]*\/info\/run_id$|^experiments\/.*\/location$/.test(path))
    .filter((path) => !(path in mended.shown) && !changes.test(path))
    .map((path) => `${path} is hidden`);
  return [
    ...isNew(mended.raised, healthy.raised),
    ...isNew(mended.refused, healthy.refused),
    ...mended.warned.filter((warning) => !healthy.warned.includes(warning)),
    ...changed,
    ...hidden,
  ];
}

const [MENDED, DAMAGED] = ["mended: ", "damaged: "] as const;

testEachVersion(
  "what is repaired is listed, searched and opened without a warning",
  async (version) => {
    const isThree = version.name.startsWith("3.");
    await using directory = await tempDirectory();
    const place = directory.path;
    const stores: Record<string, string> = {};
    for (const base of BASES) layOutHealthy(stores[base] = join(place, base, "mlruns"), base);
    const mended: Damage[] = [];
    for (const [index, damage] of [...DAMAGES, ...FURTHER].entries()) {
      if (damage.onlyMlflow3 && !isThree || damage.rule === null) continue;
      const root = layOutDamaged(join(place, `${index}-mended`), damage);
      if (!await mend(root, damage) || BEYOND.has(damage.name)) continue;
      mended.push(damage);
      stores[`${MENDED}${damage.name}`] = root;
      stores[`${DAMAGED}${damage.name}`] = layOutDamaged(join(place, `${index}-damaged`), damage);
    }
    const answers = await askStores(
      version,
      stores,
      place,
      (name) => name.startsWith(DAMAGED) ? "reading" : "changing",
    );
    const wrong = mended.flatMap((damage) => {
      const { name, base = "2.22" } = damage;
      const at = (state: string) => answers[`${state}${name}`]!;
      return complaints(damage, at(MENDED), at(DAMAGED), answers[base]!)
        .map((complaint) => `${name}: ${complaint}`);
    });
    assertEquals(wrong, []);
    assertEquals(FURTHER.filter((each) => !mended.includes(each)).map(({ name }) => name), []);
    console.log(`${mended.length} kinds of damage mended`);
    assert(mended.length >= 50);
  },
);

/** What `start_run.py` says of a store, which is called `/ROOT`. */
async function startRun(version: MlflowVersion, root: string): Promise<unknown> {
  const answer = await runPython(version, "start_run.py", [root]);
  return JSON.parse(JSON.stringify(answer).replaceAll(root, "/ROOT"));
}

const DEFAULT = { "0": ["Default", "file:///ROOT/0", "active", {}] };

testEachVersion("a run without an experiment finds the default one again", async (version) => {
  await using directory = await tempDirectory();
  const place = directory.path;
  const root = join(place, "mlruns");
  assertEquals(await startRun(version, root), { experiments: DEFAULT, made: "0" });
  await Deno.remove(join(root, "0"), { recursive: true });
  const other = ["other", "file:///ROOT/7", "active", {}];
  await Deno.mkdir(join(root, "7"));
  await Deno.writeTextFile(
    join(root, "7/meta.yaml"),
    `artifact_location: file://${root}/7\nexperiment_id: '7'\nlifecycle_stage: active\nname: other\n`,
  );
  assertEquals(await startRun(version, root), {
    experiments: { "7": other },
    made: "MlflowException: Could not find experiment with ID 0",
  });
  await using store = await openStore(root);
  const { report } = await repair(store, { apply: true });
  assertEquals(report?.outcomes.map(({ kind, path }) => `${kind} ${path}`), [
    "create-experiment 0",
  ]);
  assertEquals(await startRun(version, root), {
    experiments: { ...DEFAULT, "7": other },
    made: "0",
  });
});

testEachVersion(
  "a run without an experiment finds no deleted one, until that is restored",
  async (version) => {
    await using directory = await tempDirectory();
    const place = directory.path;
    const root = join(place, "mlruns");
    await startRun(version, root);
    const meta = join(root, "0/meta.yaml");
    const text = await Deno.readTextFile(meta);
    await Deno.writeTextFile(meta, text.replace("stage: active", "stage: deleted"));
    await Deno.rename(join(root, "0"), join(root, ".trash/0"));
    assertEquals(await startRun(version, root), {
      experiments: { "0": ["Default", "file:///ROOT/0", "deleted", {}] },
      made: "MlflowException: Could not create run under non-active experiment with ID 0.",
    });
    await using store = await openStore(root);
    const options = { rule: "default-experiment-deleted" };
    const [found] = verifySnapshot(await store.read({ depth: "full" }), options);
    const [, command = ""] = /`(.+?)`/.exec(remedyText(found?.remedy ?? null) ?? "") ?? [];
    const { code } = await new Deno.Command(version.python, {
      args: ["-m", ...command.split(" ")],
      env: { ...settings, MLFLOW_TRACKING_URI: root },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    assertEquals(code, 0);
    assertEquals(await startRun(version, root), { experiments: DEFAULT, made: "0" });
  },
);
