/**
 * Damage to the root of a store.
 *
 * @module
 */

import {
  CHILD,
  child,
  type Damage,
  type DamagedStore,
  DELETED,
  EMPTY,
  MAIN,
  run,
} from "./damage.ts";

/** A copy that every listing meets before the original. */
function copyAhead(store: DamagedStore, names: string): string {
  for (let number = 1;; number++) {
    const place = `${names}${number}`;
    store.copy(child, `${place}/${CHILD}`);
    for (const { name } of Deno.readDirSync(store.root)) {
      if (name === MAIN) break;
      if (name === place) return place;
    }
  }
}

/** A link that every listing meets before what it leads to. */
function linkAhead(store: DamagedStore, names: string, target: string): void {
  for (let number = 1;; number++) {
    const place = `${names}${number}`;
    store.link(place, target);
    for (const { name } of Deno.readDirSync(store.root)) {
      if (name === target) break;
      if (name === place) return;
    }
    store.remove(place);
    store.makeDirectory(`.${number}.trash`);
  }
}

/** Every damage of that kind. */
export const ROOT_DAMAGES: readonly Damage[] = [
  {
    name: ".trash/ is lost",
    rule: "missing-trash-directory",
    changes: /./,
    inflict: (s) => s.remove(".trash"),
  },
  {
    name: ".trash is a file",
    rule: "directory-blocked",
    inflict: (s) => {
      s.remove(".trash");
      s.write(".trash", "x");
    },
  },
  {
    name: "models is a file",
    rule: "directory-blocked",
    inflict: (s) => {
      s.remove("models");
      s.write("models", "x");
    },
  },
  {
    name: "models is a link to a place that is not mounted",
    rule: "directory-blocked",
    inflict: (s) => {
      s.remove("models");
      s.link("models", "elsewhere/models");
    },
  },
  { name: "a plain file in the root", rule: null, inflict: (s) => s.write("notes~.txt", "x") },
  {
    name: "a directory named *.trash in the root",
    rule: null,
    inflict: (s) => s.copy(child, `.old.trash/${CHILD}`),
  },
  {
    name: "a directory of backups in the root",
    rule: "backup-directory",
    inflict: (s) => s.write("backups/2026-05-01.tar", "x"),
  },
  {
    name: "a hidden directory of backups in the root",
    rule: "unlistable-directory",
    inflict: (s) => s.makeDirectory(".backups"),
  },
  {
    name: "a directory in the root whose name cannot be an id",
    rule: "unlistable-directory",
    inflict: (s) => s.makeDirectory("lost+found"),
  },
  {
    name: "a hidden directory in .trash/",
    rule: "unlistable-directory",
    inflict: (s) => s.makeDirectory(".trash/.git"),
  },
  {
    name: "a directory in the root that is nothing of MLflow's",
    rule: "foreign-directory",
    inflict: (s) => s.write("detect/train/weights/best.pt", "x"),
  },
  {
    name: "an empty directory in the root whose name could be an id",
    rule: "foreign-directory",
    inflict: (s) => s.makeDirectory("plots"),
  },
  {
    name: "an experiment's directory has a name that cannot be an id",
    rule: "experiment-directory-renamed",
    changes: new RegExp(EMPTY),
    inflict: (s) => s.move(EMPTY, `${EMPTY} copy`),
  },
  {
    name: "a run lies among the experiments",
    rule: "run-among-experiments",
    ...run,
    inflict: (s) => s.move(child, CHILD),
  },
  {
    name: "a run lies in .trash/",
    rule: "run-among-experiments",
    ...run,
    inflict: (s) => s.move(child, `.trash/${CHILD}`),
  },
  {
    name: "two deleted experiments have one name",
    rule: "deleted-experiments-of-one-name",
    changes: /./,
    inflict: (s) => {
      const twin = ".trash/205420454355194854";
      s.copy(`.trash/${DELETED}/meta.yaml`, `${twin}/meta.yaml`);
      s.set(`${twin}/meta.yaml`, "experiment_id", "'205420454355194854'");
    },
  },
  {
    name: "an empty directory called mlruns in the root",
    rule: "foreign-directory",
    inflict: (s) => s.makeDirectory("mlruns"),
  },
  {
    name: "the store's copy in the store",
    rule: "nested-store",
    inflict: (s) => {
      s.write("mlruns/0/meta.yaml", "experiment_id: '0'\nname: Default\n");
      s.makeDirectory("mlruns/.trash");
    },
  },
  {
    name: "the store's copy in the store, called by its date",
    rule: "nested-store",
    inflict: (s) => s.copy(EMPTY, `20240101/${EMPTY}`),
  },
  {
    name: "a program in the root",
    rule: "store-in-working-directory",
    inflict: (s) => s.write("train.py", "pass\n"),
  },
  {
    name: "a link to an experiment of the store",
    rule: "run-in-two-places",
    inflict: (s) => linkAhead(s, "again", MAIN),
  },
  {
    name: "a link to an experiment, whose name cannot be an id",
    rule: "unlistable-directory",
    inflict: (s) => s.link(".again", MAIN),
  },
  { name: "a link to the root", rule: "duplicate-link", inflict: (s) => s.link("loop", ".") },
  {
    name: "a link to an experiment, named *.trash",
    rule: null,
    inflict: (s) => s.link("again.trash", MAIN),
  },
  { name: "a link to nothing", rule: "broken-link", inflict: (s) => s.link("dead", "nowhere") },
  {
    name: "the store lies below a directory called artifacts",
    rule: "store-below-artifacts",
    root: "artifacts/mlruns",
    inflict: () => {},
  },
  {
    name: "an experiment in the root and in .trash/ at once",
    rule: "experiment-in-two-places",
    inflict: (s) => s.copy(MAIN, `.trash/${MAIN}`),
  },
  {
    name: "a run's copy below a directory of backups",
    rule: "run-in-two-places",
    inflict: (s) => copyAhead(s, "backup-"),
  },
  {
    name: "a run's copy below another experiment",
    rule: "run-in-two-places",
    inflict: (s) => {
      const place = copyAhead(s, "9");
      s.write(
        `${place}/meta.yaml`,
        `artifact_location: file://${s.root}/${place}\nexperiment_id: '${place}'\n` +
          "lifecycle_stage: active\nname: other\n",
      );
    },
  },
];
