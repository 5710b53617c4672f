// deno-lint-ignore-file no-console -- a fuzzer reports on the terminal.
/**
 * Fuzzes the readers of what mltidy acts on: journals, manifests of both kinds, lists of entries, saved
 * plans.
 *
 * ```
 * deno task test:fuzz [--inputs 100000] [--seed N]
 * ```
 *
 * Each input is a real document in which bytes or values have been changed; journals get a right checksum
 * again, so that what lies behind it is reached. A reader must give a clear error (of the documented
 * class, naming the file) or a value whose every path lies in the store. One in some of the journals,
 * manifests and plans that are read is acted upon, too: nothing outside of the store may change.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { typedNumber, withNegatives } from "../_support/typed_number.ts";
import { dirname, join } from "@std/path";
import { parsePlan } from "../../lib/plan/parse_plan.ts";
import { fingerprintOf } from "../../lib/snapshot/fingerprint.ts";
import { asStorePath } from "../../lib/store/path.ts";
import { readEntries } from "../../tasks/_file/backups/entries.ts";
import { type Begin, readBegin } from "../../tasks/_file/own/journal.ts";
import { readCopyManifest, readManifest } from "../../tasks/_file/own/manifest.ts";
import { loadDigest } from "../../tasks/_io/tree/digest.ts";
import { applyPlan } from "../../tasks/apply_plan.ts";
import { backup } from "../../tasks/backups/backup.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import { treeDifferences } from "../_support/tree.ts";
import { type Case, keep, look, openCase, putBack, writeCase } from "./case.ts";
import { makeScratch } from "./program.ts";

const flags = parseArgs(withNegatives(Deno.args), { string: ["inputs", "seed"] });
const inputs = typedNumber("inputs", flags["inputs"]) ?? 100_000;
const seed = typedNumber("seed", flags["seed"]) ?? crypto.getRandomValues(new Uint16Array(1))[0]!;
const ACTED_UPON = 25;

/** A stream of whole numbers that the seed decides (xorshift). */
let state = seed * 2_654_435_761 + 1 >>> 0 || 1;
function below(limit: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

function pick<T>(items: readonly T[]): T {
  return items[below(items.length)]!;
}

const HOSTILE: readonly unknown[] = [
  ...["..", "../../outside/notes.txt", "/etc/passwd", "a/../../..", ".", "", "a\0b", "a\nb", "//"],
  ...["\u001b[31m", ".mltidy.trash", ".mltidy.trash/backups", "\ud800", "x".repeat(5000), "lock"],
  ...["move-tree", "create-dir", "replace-file", "new-text", "apply", "restore", "copy", "change"],
  ...[null, true, 0, -1, 1.5, 1e308, 9_007_199_254_740_993, {}, [], [[]], { kind: "text" }],
];

/** Changes one value somewhere in a document; now and then another one, too. */
function changeValues(document: unknown): unknown {
  const copy = structuredClone(document);
  do {
    const places: [Record<string, unknown>, string][] = [];
    const collect = (value: unknown) => {
      if (typeof value !== "object" || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        places.push([value as Record<string, unknown>, key]);
        collect(inner);
      }
    };
    collect(copy);
    if (places.length === 0) return pick(HOSTILE);
    const [holder, key] = pick(places);
    const [other, otherKey] = pick(places);
    switch (below(5)) {
      case 0:
        delete holder[key];
        break;
      case 1:
        holder[key] = structuredClone(other[otherKey]);
        break;
      case 2:
        holder[String(pick(HOSTILE))] = holder[key];
        break;
      default:
        holder[key] = structuredClone(pick(HOSTILE));
    }
  } while (below(3) === 0);
  return copy;
}

/** Cuts, doubles, flips or inserts bytes. */
function changeBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const at = below(bytes.length + 1);
  const end = Math.min(bytes.length, at + below(30));
  switch (below(5)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return joined(bytes.slice(0, at), bytes.slice(end));
    case 2:
      return joined(bytes.slice(0, end), bytes.slice(at));
    case 3:
      return joined(bytes.slice(0, at), crypto.getRandomValues(new Uint8Array(4)), bytes.slice(at));
    default: {
      const copy = bytes.slice();
      if (at < copy.length) copy[at] = copy[at]! ^ (1 << below(8));
      return copy;
    }
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

interface Reader {
  readonly name: string;
  readonly documents: readonly unknown[];
  readonly write: (document: unknown) => string;
  /** Reads and checks; throws for what should not be. */
  readonly read: (bytes: Uint8Array<ArrayBuffer>) => "read" | "nothing";
  readonly refusals: readonly string[];
  /** Acts upon what has been read, in a store that is as it was. */
  readonly act?: (bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>;
}

function checkPaths(paths: readonly unknown[]): void {
  for (const path of paths) {
    if (asStorePath(String(path)).startsWith(".mltidy.trash")) throw new Error(`escape: ${path}`);
  }
}

function checkBegin({ steps, directories }: Pick<Begin, "steps" | "directories">): void {
  checkPaths(steps.map(({ operation }) => operation.path));
  checkPaths(directories.map(({ path }) => path).filter((path) => path !== ""));
}

async function readersOf(one: Case): Promise<readonly Reader[]> {
  await using store = await openCase(one);
  const { report } = await cleanup(store, { apply: true });
  const changed = report!.backup!;
  const copy = await backup(store);
  const own = join(one.root, ".mltidy.trash");
  const manifest = JSON.parse(Deno.readTextFileSync(join(changed.path, "manifest.json")));
  const journal = join(own, "journal", `${changed.id}.jsonl`);
  const { steps, directories } = manifest;
  const head = { type: "begin", schema: "mltidy/journal/v1", id: changed.id, task: "cleanup" };
  const begins = ["apply", "restore"].map((direction) => ({
    ...{ ...head, direction, startedAt: 1, steps, directories },
  }));
  const entries = Deno.readTextFileSync(join(copy.path, "entries.jsonl")).trimEnd().split("\n")
    .slice(0, 40).map((line) => JSON.parse(line));
  const { plan } = await cleanup(store, { olderThan: 0, purgeAfter: 0, settle: 0 });
  const digest = await loadDigest();
  const listed = join(dirname(one.place), "entries.jsonl");
  const manifestPath = join(changed.path, "manifest.json");
  const copyPath = join(copy.path, "manifest.json");
  await keep(one);
  return [
    {
      name: "journal",
      documents: begins,
      write: (document) => {
        const json = JSON.stringify(document) ?? "";
        return `${fingerprintOf([json])} ${json}\n`;
      },
      read(bytes) {
        Deno.writeFileSync(journal, bytes);
        const begin = readBegin(journal);
        if (begin !== null) checkBegin(begin);
        return begin === null ? "nothing" : "read";
      },
      refusals: ["DamagedBackupError"],
      act: (bytes) => {
        Deno.writeFileSync(journal, bytes);
        return recover(store);
      },
    },
    {
      name: "manifest of a change",
      documents: [manifest],
      write: (document) => JSON.stringify(document, null, 1),
      read(bytes) {
        Deno.writeFileSync(manifestPath, bytes);
        const found = readManifest(dirname(changed.path), changed.id);
        if (found !== null) checkBegin(found);
        return found === null ? "nothing" : "read";
      },
      refusals: ["DamagedBackupError"],
      act: (bytes) => {
        Deno.writeFileSync(manifestPath, bytes);
        return restore(store, { id: changed.id });
      },
    },
    {
      name: "manifest of a copy",
      documents: [JSON.parse(Deno.readTextFileSync(copyPath))],
      write: (document) => JSON.stringify(document, null, 1),
      read(bytes) {
        Deno.writeFileSync(copyPath, bytes);
        return readCopyManifest(copy.path) === null ? "nothing" : "read";
      },
      refusals: ["DamagedBackupError"],
    },
    {
      name: "entries of a copy",
      documents: [entries],
      write: (document) =>
        Array.isArray(document)
          ? document.map((line) => `${JSON.stringify(line)}\n`).join("")
          : String(document),
      read(bytes) {
        Deno.writeFileSync(listed, bytes);
        const hash = digest();
        hash.update(bytes);
        const count = new TextDecoder().decode(bytes).split("\n").length - 1;
        const found = [...readEntries(listed, { count, sha256: hash.finish() }, digest)];
        checkPaths(found.map(({ path }) => path));
        return "read";
      },
      refusals: ["DamagedBackupError"],
    },
    {
      name: "saved plan",
      documents: [plan],
      write: (document) => JSON.stringify(document) ?? "",
      read(bytes) {
        const { actions } = parsePlan(new TextDecoder().decode(bytes), "plan.json");
        for (const { path } of actions) asStorePath(path);
        return "read";
      },
      refusals: ["PlanFormatError"],
      act: async (bytes) => {
        const parsed = parsePlan(new TextDecoder().decode(bytes), "plan.json");
        await using locked = await lockStore(store, { task: "apply" });
        await applyPlan(locked, parsed);
      },
    },
  ];
}

async function fuzz(one: Case): Promise<number> {
  const readers = await readersOf(one);
  const before = await look(one);
  const outside = (tree: typeof before.tree) =>
    new Map([...tree].filter(([path]) => path !== "mlruns" && !path.startsWith("mlruns/")));
  let faults = 0;
  let acted = 0;
  const tell = (reader: Reader, number: number, bytes: Uint8Array, what: string) => {
    faults++;
    if (faults > 20) return;
    const file = join(Deno.env.get("TMPDIR") ?? "/tmp", `mltidy-fuzz-${seed}-${number}`);
    Deno.writeFileSync(file, bytes);
    console.log(`FAILED: ${reader.name}, input ${number} (${file}): ${what}`);
  };
  const counts = new Map(readers.map(({ name }) => [name, { read: 0, refused: 0, nothing: 0 }]));
  const encoder = new TextEncoder();
  for (let number = 0; number < inputs; number++) {
    const reader = readers[number % readers.length]!;
    const { name, documents, write, read, refusals, act } = reader;
    const document = pick(documents);
    const bytes = below(3) === 0
      ? changeBytes(encoder.encode(write(document)))
      : new Uint8Array(encoder.encode(write(changeValues(document))));
    const count = counts.get(name)!;
    try {
      const found = read(bytes);
      count[found]++;
      if (act && found === "read" && count.read % ACTED_UPON === 0) {
        acted++;
        await putBack(one);
        await act(bytes).catch((error: unknown) => {
          if (error instanceof TypeError) tell(reader, number, bytes, `acting: ${error.stack}`);
        });
        const changes = treeDifferences(outside((await look(one)).tree), outside(before.tree));
        if (changes.length > 0) tell(reader, number, bytes, `outside: ${changes.join("; ")}`);
        await putBack(one);
      }
    } catch (error) {
      count.refused++;
      if (!(error instanceof Error) || !refusals.includes(error.name)) {
        tell(reader, number, bytes, error instanceof Error ? error.stack ?? "" : String(error));
      } else if (!error.message.startsWith("Cannot ")) {
        tell(reader, number, bytes, `unclear: ${error.message}`);
      }
    }
  }
  for (const [name, { read, refused, nothing }] of counts) {
    console.log(`${name}: ${read} read, ${refused} refused, ${nothing} taken for none`);
  }
  console.log(`fuzzed: ${inputs}, acted upon: ${acted}, faults: ${faults}`);
  console.log(`${faults === 0 ? "ok" : "FAILED"} | ${inputs - faults} passed | ${faults} failed`);
  return faults;
}

const scratch = await makeScratch();
let faults = 1;
try {
  console.log(`Seed ${seed}`);
  faults = await fuzz(writeCase(scratch, seed));
} finally {
  await Deno.remove(scratch, { recursive: true });
}
Deno.exit(faults === 0 ? 0 : 1);
