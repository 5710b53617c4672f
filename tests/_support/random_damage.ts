/**
 * Random stores, put together from what real MLflow has written, and random damages of them.
 *
 * @module
 */

import fc from "./fast_check.ts";
import { dirname, join } from "@std/path";
import {
  CHILD,
  DATASET,
  DELETED,
  EMPTY,
  healthyFiles,
  LOGGED_MODEL,
  MAIN,
  PARENT,
  REGISTERED,
  REGISTRY,
  REMOVED,
  RUNNING,
  TRACE,
} from "./damage.ts";
import { type Files, writeFiles } from "./disk_store.ts";

/** A store, and what happens to it. */
export interface RandomDamage {
  /** The store that it is made from. */
  readonly base: "2.22" | "3.17";
  /** One number for each thing that may be left out: it is when the number is 0. */
  readonly parts: readonly number[];
  /** More runs. */
  readonly runs: readonly RandomRun[];
  /** What happens, one after the other. */
  readonly blows: readonly Blow[];
}

/** A copy of a run with an id and values of its own. */
interface RandomRun {
  readonly of: number;
  readonly id: string;
  readonly experiment: string;
  readonly points: readonly (readonly [time: number, value: number, step: number])[];
  readonly param: string;
}

/** One damage: what is done, to which of all paths, and two numbers that decide the rest. */
interface Blow {
  readonly way: (typeof WAYS)[number];
  readonly target: number;
  readonly at: number;
  readonly other: number;
}

const WAYS = ["truncate", "zero", "flip", "delete", "duplicate", "rename", "swap"] as const;
const RUNS = [CHILD, PARENT, RUNNING, REGISTERED, REMOVED];
const PARTS = [
  ...RUNS.map((id) => `${MAIN}/${id}`),
  `${MAIN}/models/${LOGGED_MODEL}`,
  `${MAIN}/traces/${TRACE}`,
  `${MAIN}/datasets/${DATASET}`,
  `${MAIN}/tags`,
  `.trash/${DELETED}`,
  "0",
  EMPTY,
  REGISTRY,
  `${REGISTRY}/version-2`,
];

/**
 * Draws a store and what happens to it.
 *
 * @returns The arbitrary.
 */
export function randomDamageArbitrary(): fc.Arbitrary<RandomDamage> {
  return fc.record({
    base: fc.constantFrom("2.22" as const, "3.17" as const),
    parts: fc.array(fc.nat({ max: 2 }), { minLength: PARTS.length, maxLength: PARTS.length }),
    runs: fc.array(
      fc.record({
        of: fc.nat({ max: RUNS.length - 1 }),
        id: fc.uuid().map((uuid) => uuid.replaceAll("-", "")),
        experiment: fc.constantFrom(MAIN, EMPTY),
        points: fc.array(fc.tuple(fc.nat({ max: 1_777_593_609_000 }), fc.double(), fc.nat()), {
          maxLength: 5,
        }),
        param: fc.string({ unit: "grapheme" }),
      }),
      { maxLength: 2 },
    ),
    blows: fc.array(
      fc.record({
        way: fc.constantFrom(...WAYS),
        target: fc.nat(),
        at: fc.nat(),
        other: fc.nat(),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  });
}

/**
 * Lays a random store out.
 *
 * @param root Where; its parents are made.
 * @param store Which.
 */
export function layOutRandom(root: string, { base, parts, runs }: RandomDamage): void {
  const files = Object.entries(healthyFiles(root, base));
  const left = PARTS.filter((_, index) => parts[index] === 0);
  writeFiles(root, {
    ".trash": null,
    ...Object.fromEntries(
      files.filter(([path]) => !left.some((part) => path.startsWith(`${part}/`))),
    ),
    ...Object.assign({}, ...runs.map((run) => copyRun(files, run))),
  });
}

function copyRun(
  files: readonly (readonly [path: string, text: string | null])[],
  { of, id, experiment, points, param }: RandomRun,
): Files {
  const former = `${MAIN}/${RUNS[of]}`;
  const renamed = (text: string) => text.replaceAll(RUNS[of]!, id).replaceAll(MAIN, experiment);
  const lines = points.map(([time, value, step]) => `${time} ${pythonFloat(value)} ${step}\n`);
  return {
    ...Object.fromEntries(
      files.filter(([path]) => path.startsWith(`${former}/`) && !path.includes("/outputs/"))
        .map(([path, text]) => [renamed(path), text === null ? null : renamed(text)]),
    ),
    [`${experiment}/${id}/params/drawn`]: param.replaceAll("\r", ""),
    ...(lines.length === 0 ? {} : { [`${experiment}/${id}/metrics/drawn`]: lines.join("") }),
  };
}

function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? `${value}` : value > 0 ? "inf" : "-inf";
}

/**
 * Damages a store.
 *
 * @param root Absolute path of its root.
 * @param blows What happens, one after the other; one that finds nothing to happen to does nothing.
 */
export function damageAtRandom(root: string, blows: readonly Blow[]): void {
  for (const { way, target, at, other } of blows) {
    const entries = listAll(root);
    const isFile = target % 8 !== 0 || way === "truncate" || way === "zero" || way === "flip";
    const alike = entries.filter((each) => each.isFile === isFile);
    // Most of what MLflow minds is in these.
    const chosen = target % 8 > 2
      ? alike.filter(({ path }) => /\.yaml$|\/metrics\//.test(path))
      : alike;
    const path = chosen[target % chosen.length]?.path;
    const twin = alike[other % alike.length]?.path;
    if (path !== undefined && twin !== undefined) strike(root, way, path, twin, at);
  }
}

function strike(root: string, way: Blow["way"], path: string, twin: string, at: number): void {
  const place = join(root, path);
  const change = (changed: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array) =>
    Deno.writeFileSync(place, changed(Deno.readFileSync(place)));
  const renamed = join(root, dirname(path), NAMES[at % NAMES.length]!(path.split("/").at(-1)!));
  switch (way) {
    case "truncate":
      return change((bytes) => bytes.slice(0, at % (bytes.length + 1)));
    case "zero":
      return change((bytes) => bytes.fill(0, at % 3 === 0 ? 0 : at % (bytes.length + 1)));
    case "flip":
      return change((bytes) =>
        bytes.map((byte, index) => index === at % bytes.length ? byte ^ 1 << at % 8 : byte)
      );
    case "delete":
      return Deno.removeSync(place, { recursive: true });
    case "duplicate":
      return copyTree(place, renamed);
    case "rename":
      return isThere(renamed) ? undefined : Deno.renameSync(place, renamed);
    case "swap": {
      const other = join(root, twin);
      if (place === other || `${place}/`.startsWith(`${other}/`)) return;
      if (`${other}/`.startsWith(`${place}/`)) return;
      const aside = join(root, "..", "aside");
      Deno.renameSync(place, aside);
      Deno.renameSync(other, place);
      return Deno.renameSync(aside, other);
    }
  }
}

/** What a copy, or something renamed by hand or by a program, is called. */
const NAMES: readonly ((name: string) => string)[] = [
  (name) => `${name}~`,
  (name) => `${name}.bak`,
  (name) => `Copy of ${name}`,
  (name) => `${name}2`,
  (name) => name.replaceAll("7", "8"),
  () => "backups",
  () => "0123456789abcdef0123456789abcdef",
];

function copyTree(from: string, to: string): void {
  if (isThere(to)) return;
  if (!Deno.lstatSync(from).isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copyTree(join(from, name), join(to, name));
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Something in a store. */
export interface Entry {
  /** Below the root. */
  readonly path: string;
  readonly isFile: boolean;
}

/**
 * Lists all that a store holds besides our own directory.
 *
 * @param root Absolute path of the store's root.
 * @returns Files and directories, by path.
 */
export function listAll(root: string): readonly Entry[] {
  const visit = (folder: string): readonly Entry[] =>
    [...Deno.readDirSync(join(root, folder))].flatMap(({ name, isFile }) => {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (path === ".mltidy.trash") return [];
      return [{ path, isFile }, ...isFile ? [] : visit(path)];
    });
  return visit("").toSorted((left, right) => left.path < right.path ? -1 : 1);
}

/** One damage of a file, as a failing disk or a careless hand does it. */
export interface Harm {
  /** Which of all files. */
  readonly target: number;
  readonly way: "cut" | "shorten" | "empty" | "garbage" | "zeros" | "pipe" | "directory";
  /** Where it is cut off, or which ID in it is shortened, and how far. */
  readonly at: number;
}

/**
 * Draws what happens to a file.
 *
 * @returns The arbitrary.
 */
export function harmArbitrary(): fc.Arbitrary<Harm> {
  return fc.record({
    target: fc.nat(),
    way: fc.constantFrom(
      ...[
        "cut",
        "cut",
        "cut",
        "shorten",
        "shorten",
        "empty",
        "garbage",
        "zeros",
        "directory",
      ] as const,
    ),
    at: fc.nat(),
  });
}

/**
 * Does something to a file.
 *
 * @param place Absolute path of the file.
 * @param harm What.
 * @returns Puts the file back as it was.
 */
export function harmFile(place: string, { way, at }: Omit<Harm, "target">): () => void {
  const whole = Deno.readFileSync(place);
  const put = (bytes: Uint8Array) => {
    Deno.removeSync(place, { recursive: true });
    Deno.writeFileSync(place, bytes);
  };
  switch (way) {
    case "cut":
      put(whole.slice(0, at % Math.max(whole.length, 1)));
      break;
    case "shorten": {
      const text = new TextDecoder().decode(whole);
      const ids = [...text.matchAll(/[0-9a-f]{32}/g)];
      if (ids.length === 0) break;
      const { index } = ids[at % ids.length]!;
      put(new TextEncoder().encode(text.slice(0, index + at % 32) + text.slice(index + 32)));
      break;
    }
    case "empty":
      put(new Uint8Array());
      break;
    case "garbage":
      put(whole.map((byte, index) => index % 2 === 0 ? byte ^ 0x80 : byte));
      break;
    case "zeros":
      put(new Uint8Array(whole.length));
      break;
    case "pipe":
      Deno.removeSync(place);
      new Deno.Command("mkfifo", { args: [place] }).outputSync();
      break;
    case "directory":
      Deno.removeSync(place);
      Deno.mkdirSync(place);
      break;
  }
  return () => put(whole);
}
