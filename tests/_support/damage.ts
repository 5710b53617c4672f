/**
 * Damaging a healthy store of real MLflow, in one way or another.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { type Files, writeFiles } from "./disk_store.ts";

/** What a damage does to a store. */
export interface Damage {
  /** What happens, in a few words; unique. */
  readonly name: string;
  /** The rule that it breaks; `null` when MLflow does not mind, and nobody else should. */
  readonly rule: string | null;
  /** The store it happens to: of MLflow 2.22, or of 3.17. @default {"2.22"} */
  readonly base?: "2.22" | "3.17";
  /** The runs that are damaged themselves; that MLflow refuses any other is worse. */
  readonly victims?: readonly string[];
  /** What MLflow shows otherwise since the damage says so itself, not since MLflow cannot see it. */
  readonly changes?: RegExp;
  /** Only MLflow 3 can read what is damaged. @default {false} */
  readonly onlyMlflow3?: boolean;
  /** Where the store must lie, below a directory of its own. @default {"mlruns"} */
  readonly root?: string;
  /** Does it. */
  readonly inflict: (store: DamagedStore) => void;
}

/** A store that is being damaged. Paths are relative to its root. */
export interface DamagedStore {
  /** Absolute path of the root. */
  readonly root: string;
  readonly write: (path: string, content: string | Uint8Array) => void;
  /** Replaces all of a file's text. */
  readonly edit: (path: string, change: (text: string) => string) => void;
  /** Removes the line of a key from a `meta.yaml`. */
  readonly drop: (path: string, key: string) => void;
  /** Sets a key in a `meta.yaml`. */
  readonly set: (path: string, key: string, value: string) => void;
  readonly remove: (path: string) => void;
  readonly move: (from: string, to: string) => void;
  readonly copy: (from: string, to: string) => void;
  readonly makeDirectory: (path: string) => void;
  readonly link: (path: string, target: string) => void;
  /** Sets the times of everything below a path, epoch ms. */
  readonly age: (path: string, time: number) => void;
}

/** Names of what the stores of `tests/testdata/` hold. */
export const MAIN = "196743932076658936";
export const EMPTY = "372298250545226180";
export const DELETED = "205420454355194853";
export const CHILD = "7b4a985c39de46d9b949af49fd530458";
export const PARENT = "b8758f8d1e81433690e4498fb0f676db";
export const RUNNING = "47296cfd767240b7aa99f49d0fb278c8";
export const REGISTERED = "e3af18c815e44af385956979f38cf93d";
export const REMOVED = "1abd16c0e435414ebc2e1ec63f45db42";
export const IN_DELETED = "0310cefd00244ff3930df159e5396706";
export const LOGGED_MODEL = "m-77caf163c59649d1a25ff209156f4972";
export const TRACE = "tr-312bfba88b6f753cb3e2a9c517b490f8";
export const DATASET = "47d574aefbfe1d4731d870337d105e8c";
export const INPUT = "bb46fb191df3e4ef987911f06010e332";
export const REGISTRY = "models/이탈 분류기";

/** Places in the stores of `tests/testdata/`. */
export const experiment = `${EMPTY}/meta.yaml`;
export const child = `${MAIN}/${CHILD}`;
export const meta = `${child}/meta.yaml`;
export const metric = `${child}/metrics/val/loss`;
export const input = `${child}/inputs/${INPUT}`;
export const output = `${child}/outputs/${LOGGED_MODEL}`;
export const model = `${MAIN}/models/${LOGGED_MODEL}`;
export const modelMetric = `${model}/metrics/acc`;
export const trace = `${MAIN}/traces/${TRACE}`;
export const assessment = `${trace}/assessments/a-1.yaml`;
export const version = `${REGISTRY}/version-1`;

/** Bytes that are no UTF-8. */
export const NOT_UTF8 = new Uint8Array([0x61, 0xff, 0xfe, 0x62]);

/** What Git LFS leaves in the place of a file that it has not fetched. */
export const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${
  "0f".repeat(32)
}\nsize 120\n`;

/**
 * Encodes a text as Notepad and PowerShell do.
 *
 * @param text The text.
 * @returns UTF-16, behind its byte order mark.
 */
export function utf16(text: string): Uint8Array {
  const codes = Array.from(`\uFEFF${text}`, (_, index) => `\uFEFF${text}`.charCodeAt(index));
  return new Uint8Array(codes.flatMap((code) => [code & 0xff, code >> 8]));
}

/** A sound assessment. */
export const ASSESSMENT = `assessment_id: a-1
assessment_name: good
create_time: '2026-05-01T00:00:29Z'
feedback:
  value: true
last_update_time: '2026-05-01T00:00:29Z'
source:
  source_id: kim
  source_type: HUMAN
trace_id: ${TRACE}
valid: true
`;
export const victims = [CHILD];
export const three = { base: "3.17" } as const;
export const traced = { base: "3.17", onlyMlflow3: true } as const;
export const run = { victims } as const;

/**
 * Reads one of the stores of `tests/testdata/`, as MLflow would have written it elsewhere; that of
 * MLflow 3 with an assessment.
 *
 * @param root Where it would lie.
 * @param base Which store.
 * @returns Path below the root → text of the file, or `null` for an empty directory.
 */
export function healthyFiles(root: string, base: "2.22" | "3.17"): Files {
  const packed: Files = JSON.parse(
    Deno.readTextFileSync(new URL(`../testdata/mlflow-${base}.json`, import.meta.url)),
  );
  return {
    ...Object.fromEntries(
      Object.entries(packed).map(([path, text]) => [
        path,
        text?.replaceAll("/srv/mlflow/mlruns", root) ?? null,
      ]),
    ),
    ...(base === "3.17" ? { [assessment]: ASSESSMENT } : {}),
  };
}

/**
 * Lays out one of the stores of `tests/testdata/`.
 *
 * @param root Where; its parents are made.
 * @param base Which store.
 */
export function layOutHealthy(root: string, base: "2.22" | "3.17"): void {
  writeFiles(root, healthyFiles(root, base));
}

/**
 * Lays out a store and damages it.
 *
 * @param parent A directory of its own.
 * @param damage What happens to it.
 * @returns Absolute path of the store's root.
 */
export function layOutDamaged(parent: string, damage: Damage): string {
  const root = join(parent, damage.root ?? "mlruns");
  layOutHealthy(root, damage.base ?? "2.22");
  damage.inflict(openDamaged(root));
  return root;
}

/**
 * The means of damaging a store.
 *
 * @param root Absolute path of its root.
 * @returns The store.
 */
export function openDamaged(root: string): DamagedStore {
  const at = (path: string) => join(root, path);
  const edit: DamagedStore["edit"] = (path, change) =>
    Deno.writeTextFileSync(at(path), change(Deno.readTextFileSync(at(path))));
  const makeDirectory = (path: string) => Deno.mkdirSync(at(path), { recursive: true });
  return {
    root,
    edit,
    makeDirectory,
    write: (path, content) => {
      makeDirectory(dirname(path));
      if (typeof content === "string") Deno.writeTextFileSync(at(path), content);
      else Deno.writeFileSync(at(path), content);
    },
    drop: (path, key) => edit(path, (text) => text.replace(new RegExp(`^${key}:.*\n`, "m"), "")),
    set: (path, key, value) =>
      edit(path, (text) => {
        const line = new RegExp(`^${key}:.*(\n .*)*`, "m");
        const written = `${key}: ${value}`;
        return line.test(text) ? text.replace(line, () => written) : `${text}${written}\n`;
      }),
    remove: (path) => Deno.removeSync(at(path), { recursive: true }),
    move: (from, to) => {
      makeDirectory(dirname(to));
      Deno.renameSync(at(from), at(to));
    },
    copy: (from, to) => {
      makeDirectory(dirname(to));
      copyTree(at(from), at(to));
    },
    link: (path, target) => Deno.symlinkSync(target, at(path)),
    age: (path, time) => ageTree(at(path), new Date(time)),
  };
}

function copyTree(from: string, to: string): void {
  if (!Deno.lstatSync(from).isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to, { recursive: true });
  for (const { name } of Deno.readDirSync(from)) copyTree(join(from, name), join(to, name));
}

function ageTree(path: string, time: Date): void {
  if (Deno.lstatSync(path).isDirectory) {
    for (const { name } of Deno.readDirSync(path)) ageTree(join(path, name), time);
  }
  Deno.utimeSync(path, time, time);
}
