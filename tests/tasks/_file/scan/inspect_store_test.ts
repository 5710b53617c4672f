import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { parse } from "@std/yaml";
import { remedyText } from "../../../../lib/render/commands.ts";
import fc from "../../../_support/fast_check.ts";
import type { StoreSnapshot } from "../../../../lib/store/snapshot.ts";
import { RULES } from "../../../../lib/verify/rules.ts";
import { verifySnapshot } from "../../../../lib/verify/verify_snapshot.ts";
import { scanStore } from "../../../../tasks/_file/scan/scan.ts";
import {
  type Damage,
  layOutDamaged,
  layOutHealthy,
  MAIN,
  metric,
  openDamaged,
} from "../../../_support/damage.ts";
import { DAMAGES } from "../../../_support/damages.ts";
import { draws, isLong } from "../../../_support/depth.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const READERS = [
  { kind: "any" },
  { kind: "mlflow", version: "2.22" },
  { kind: "mlflow", version: "3.17" },
  { kind: "migration" },
] as const;

async function inTemporaryDirectory<T>(work: (path: string) => T | Promise<T>): Promise<T> {
  await using directory = await memoryDirectory();
  return await work(directory.path);
}

function inspect(root: string): Promise<StoreSnapshot<"full">> {
  return scanStore(root, { depth: "full", sizes: false, now: Date.now() });
}

/** Rules that any reader finds broken, but for what is so in a healthy store. */
function brokenRules(snapshot: StoreSnapshot, base: Damage["base"]): ReadonlySet<string> {
  const rules = new Set(
    READERS.flatMap((reader) => verifySnapshot(snapshot, { reader }).map(({ rule }) => rule)),
  );
  if (base === "3.17") rules.delete("trace-of-mlflow-3");
  rules.delete("experiment-name-held");
  return rules;
}

Deno.test("inspectStore() finds every damage, as the rule that is about it", async () => {
  await inTemporaryDirectory(async (path) => {
    const missed: string[] = [];
    const first = Map.groupBy(DAMAGES, ({ rule }) => rule).values().map(([one]) => one!);
    for (const [index, damage] of (isLong ? DAMAGES : [...first]).entries()) {
      const root = layOutDamaged(join(path, String(index)), damage);
      const rules = brokenRules(await inspect(root), damage.base);
      const found = damage.rule === null ? rules.size === 0 : rules.has(damage.rule);
      if (!found) missed.push(`${damage.name}: ${[...rules].join(", ")}, not ${damage.rule}`);
    }
    assertEquals(missed, []);
  });
});

Deno.test("there is a damage for every rule about files", () => {
  const covered = new Set(DAMAGES.map(({ rule }) => rule));
  // Nothing is unreadable to the superuser, as whom tests may run.
  covered.add("directory-unreadable");
  // What MLflow says of a deleted experiment's name is no damage: the healthy stores have one.
  covered.add("experiment-name-held");
  const rules = RULES.filter(({ stores }) => stores === undefined || stores === "any");
  assertEquals(rules.map(({ id }) => id).filter((id) => !covered.has(id)), []);
  assertEquals(new Set(DAMAGES.map(({ name }) => name)).size, DAMAGES.length);
});

Deno.test("inspectStore() keeps what the scan read, and touches nothing", async () => {
  await inTemporaryDirectory(async (path) => {
    const root = join(path, "mlruns");
    layOutHealthy(root, "3.17");
    const before = await readTree(root);
    const options = { sizes: false, now: 0 };
    const full = await scanStore(root, { ...options, depth: "full" });
    const { references, problems, ...inspected } = full;
    const { problems: none, ...expected } = await scanStore(root, { ...options, depth: "tags" });
    assertEquals(inspected, { ...expected, depth: "full" });
    assertEquals([none, problems.map(({ damage }) => damage)], [[], ["newer-format"]]);
    assert(references !== undefined && references.length > 0);
    assertSameTree(await readTree(root), before);
  });
});

// Random damage ----------------------------------------------------------------------------------

type Packed = Map<string, Uint8Array<ArrayBuffer> | null>;

/** Files with their bytes, directories with none. */
function pack(root: string): Packed {
  return new Map(
    Iterator.from(pathsIn(root)).map(([path, isDirectory]) =>
      [path, isDirectory ? null : Deno.readFileSync(join(root, path))] as const
    ),
  );
}

/** Everything below a directory, each with whether it is one, too. */
function* pathsIn(root: string, path = ""): Generator<readonly [string, boolean]> {
  for (const { name, isDirectory } of Deno.readDirSync(join(root, path))) {
    const inner = path === "" ? name : `${path}/${name}`;
    yield [inner, isDirectory];
    if (isDirectory) yield* pathsIn(root, inner);
  }
}

function unpack(root: string, packed: Packed): void {
  for (const [path, bytes] of packed) {
    Deno.mkdirSync(bytes === null ? join(root, path) : dirname(join(root, path)), {
      recursive: true,
    });
    if (bytes !== null) Deno.writeFileSync(join(root, path), bytes);
  }
}

/** Puts back what a damage has changed. */
function restore(root: string, before: Packed, after = pack(root)): void {
  for (const [path, bytes] of after) {
    if (before.get(path) === undefined || (before.get(path) === null) !== (bytes === null)) {
      Deno.removeSync(join(root, path), { recursive: true });
      for (const inner of after.keys()) if (inner.startsWith(`${path}/`)) after.delete(inner);
      after.delete(path);
    }
  }
  const lost = [...before].filter(([path, bytes]) =>
    !after.has(path) || bytes !== null && !sameBytes(bytes, after.get(path)!)
  );
  unpack(root, new Map(lost));
}

function sameBytes(left: Uint8Array, right: Uint8Array | null): boolean {
  return right !== null && left.length === right.length &&
    left.every((byte, at) => byte === right[at]);
}

const blow = fc.record({
  kind: fc.constantFrom("truncate", "zero", "flip", "delete", "duplicate", "rename", "swap"),
  where: fc.nat(),
  other: fc.nat(),
  at: fc.nat(),
  name: fc.constantFrom("~", ".bak", "-copy", "2", " (1)", ".trash", "%", ":x"),
});

type Blow = typeof blow extends fc.Arbitrary<infer T> ? T : never;

function strike(root: string, { kind, where, other, at, name }: Blow): void {
  const paths = [...pathsIn(root)];
  const [path, isDirectory] = paths[where % paths.length]!;
  const place = join(root, path);
  const target = `${place}${name}`;
  if (kind === "delete") return Deno.removeSync(place, { recursive: true });
  if (kind === "rename") return Deno.renameSync(place, target);
  if (kind === "duplicate") return copy(place, target);
  if (isDirectory) return Deno.removeSync(place, { recursive: true });
  const bytes = Deno.readFileSync(place);
  if (kind === "swap") {
    const files = paths.filter(([, isDirectory]) => !isDirectory);
    const second = join(root, files[other % files.length]![0]);
    Deno.writeFileSync(place, Deno.readFileSync(second));
    return Deno.writeFileSync(second, bytes);
  }
  const cut = bytes.length === 0 ? 0 : at % bytes.length;
  if (kind === "truncate") return Deno.writeFileSync(place, bytes.slice(0, cut));
  if (kind === "zero") return Deno.writeFileSync(place, new Uint8Array(bytes.length));
  Deno.writeFileSync(place, bytes.map((byte, index) => index === cut ? byte ^ 0xff : byte));
}

function copy(from: string, to: string): void {
  if (!Deno.statSync(from).isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copy(join(from, name), join(to, name));
}

/** What MLflow reads, and how; told by where a file lies. */
const READ: readonly (readonly [RegExp, "yaml" | "metric" | "text"])[] = [
  [/^[^/]+\/meta\.yaml$/, "yaml"],
  [/^[^/]+\/tags\/./, "text"],
  [/^[^/]+\/datasets\/[^/]+\/meta\.yaml$/, "yaml"],
  [/^[^/]+\/traces\/[^/]+\/trace_info\.yaml$/, "yaml"],
  [/^[^/]+\/traces\/[^/]+\/(tags|request_metadata)\/./, "text"],
  [/^[^/]+\/traces\/[^/]+\/assessments\/[^/]+$/, "yaml"],
  [/^[^/]+\/models\/[^/]+\/meta\.yaml$/, "yaml"],
  [/^[^/]+\/models\/[^/]+\/(metrics|params|tags)\/./, "text"],
  [/^[^/]+\/(?!tags\/|datasets\/|traces\/|models\/)[^/]+\/meta\.yaml$/, "yaml"],
  [/^[^/]+\/(?!tags\/|datasets\/|traces\/|models\/)[^/]+\/metrics\/./, "metric"],
  [/^[^/]+\/(?!tags\/|datasets\/|traces\/|models\/)[^/]+\/(params|tags)\/./, "text"],
  [
    /^[^/]+\/(?!tags\/|datasets\/|traces\/|models\/)[^/]+\/(inputs|outputs)\/[^/]+\/meta\.yaml$/,
    "yaml",
  ],
];
const REGISTRY: typeof READ = [
  [/^models\/[^/]+\/(version-[^/]+\/)?meta\.yaml$/, "yaml"],
  [/^models\/[^/]+\/(version-[^/]+\/)?tags\/./, "text"],
  [/^models\/[^/]+\/aliases\/./, "text"],
];

/** Whether nobody could read a file that MLflow reads; knows nothing of what is being tested. */
function isUnreadable(path: string, bytes: Uint8Array): boolean {
  if (/(^|\/)artifacts\//.test(path) || /^(?!\.trash\/)[^/]*\.trash\//.test(path)) return false;
  const place = path.replace(/^\.trash\//, "");
  const rows = path.startsWith("models/") ? REGISTRY : READ;
  const kind = rows.find(([pattern]) => pattern.test(place))?.[1];
  if (kind === undefined) return false;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return true;
  }
  if (kind === "yaml") {
    try {
      const value = parse(text, { allowDuplicateKeys: true });
      return typeof value !== "object" || value === null || Array.isArray(value);
    } catch {
      return true;
    }
  }
  if (kind === "text") return false;
  const lines = text.replace(/\n$/, "").split("\n").map((line) => line.trim().split(" "));
  return lines.some((fields) =>
    ![2, 3, 5].includes(fields.length) || fields.slice(0, 3).some((field) => !isNumber(field))
  );
}

function isNumber(text: string): boolean {
  return /^[+-]?(nan|inf)/i.test(text) || text.trim() !== "" && !Number.isNaN(Number(text));
}

for (const base of ["2.22", "3.17"] as const) {
  Deno.test(`inspectStore() survives random damage to a store of MLflow ${base}, and misses none`, async () => {
    await inTemporaryDirectory(async (parent) => {
      const root = join(parent, "mlruns");
      layOutHealthy(root, base);
      const healthy = pack(root);
      await fc.assert(
        fc.asyncProperty(fc.array(blow, { minLength: 1, maxLength: 3 }), async (blows) => {
          for (const each of blows) strike(root, each);
          const damaged = pack(root);
          try {
            const found = verifySnapshot(await inspect(root)).map(({ path }) => path as string);
            const missed = [...damaged].filter(([path, bytes]) =>
              bytes !== null && isUnreadable(path, bytes) &&
              !found.some((place) => path === place || path.startsWith(`${place}/`))
            );
            assertEquals(missed.map(([path]) => path), []);
          } finally {
            restore(root, healthy, damaged);
          }
        }),
        draws(60, 600),
      );
      assertEquals(pack(root), healthy);
    });
  });
}

Deno.test("inspectStore() promises no repair where nothing proves how to mend it", async () => {
  await inTemporaryDirectory(async (parent) => {
    const root = join(parent, "mlruns");
    layOutHealthy(root, "2.22");
    const store = openDamaged(root);
    store.edit(metric, (text) => text.replace("\n", "\n17 0.5 1 x\n"));
    store.write(`${MAIN}/plots/artifacts/loss.png`, "x");
    const remedies = verifySnapshot(await inspect(root))
      .filter(({ path }) => path === metric || path === `${MAIN}/plots`)
      .map(({ rule, remedy }) => [rule, remedyText(remedy)]);
    assertEquals(remedies, [
      [
        "metric-line-malformed",
        "Correct the line, or run `deno task repair --drop-lines` to take it out",
      ],
      [
        "run-meta-missing",
        "Restore its meta.yaml from a backup, or move the directory out of the store",
      ],
    ]);
  });
});
