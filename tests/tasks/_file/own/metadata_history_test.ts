import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  countExpired,
  describeHistory,
  expireHistory,
  keepMetadata,
  readHistory,
} from "../../../../tasks/_file/own/metadata_history.ts";
import { ensureOwnDirectory } from "../../../../tasks/_file/own/own_directory.ts";
import type { OwnPaths } from "../../../../tasks/_file/own/own_paths.ts";
import { writeAll } from "../../../../tasks/_io/durable.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import {
  experiment,
  NOW,
  orphan,
  registeredModel,
  run,
  runId,
} from "../../../_support/builders.ts";
import {
  child,
  DATASET,
  input,
  layOutHealthy,
  MAIN,
  openDamaged,
  output,
} from "../../../_support/damage.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";

const INIT = {
  experiments: [experiment({ runs: [run(), run({ id: runId(2) })] })],
  orphans: [orphan({ id: "7" })],
  registeredModels: [registeredModel()],
};

async function keep(root: string, now: number): Promise<OwnPaths> {
  await using store = await openStore(root);
  const paths = ensureOwnDirectory(root);
  await keepMetadata(paths, await store.read({ depth: "tags" }), now);
  return paths;
}

const filesIn = ({ own }: OwnPaths) =>
  [...Deno.readDirSync(join(own, "metadata"))].map(({ name }) => name).sort();

Deno.test("keepMetadata() keeps every record that MLflow can read, as it is", async () => {
  await using place = await tempStore(INIT);
  const history = await readHistory(await keep(place.root, NOW));
  const expected = [...history.keys()].filter((path) => path.endsWith("/meta.yaml"));
  assertEquals([...history.keys()], expected);
  assertEquals(history.size, 4);
  for (const [path, { text, keptAt }] of history) {
    assertEquals(text, Deno.readTextFileSync(join(place.root, path)), path);
    assertEquals(keptAt, NOW);
  }
  assertEquals([...history.keys()].filter((path) => path.startsWith("7/")), []);
});

Deno.test("keepMetadata() keeps datasets, and what a run names once the run has changed", async () => {
  await using directory = await memoryDirectory();
  const root = join(directory.path, "mlruns");
  layOutHealthy(root, "3.17");
  const store = openDamaged(root);
  const dataset = `${MAIN}/datasets/${DATASET}/meta.yaml`;
  const kept = await readHistory(await keep(root, NOW));
  for (const path of [dataset, `${input}/meta.yaml`, `${output}/meta.yaml`]) {
    assertEquals(kept.get(path)?.text, Deno.readTextFileSync(join(root, path)), path);
  }
  store.write(dataset, "");
  store.copy(input, `${child}/inputs/another`);
  const later = await readHistory(await keep(root, NOW + 1));
  assertEquals(later.get(dataset), kept.get(dataset));
  assertEquals(later.has(`${child}/inputs/another/meta.yaml`), false);
  store.edit(`${child}/meta.yaml`, (text) => `${text}zebra: 1\n`);
  assert((await readHistory(await keep(root, NOW + 2))).has(`${child}/inputs/another/meta.yaml`));
});

Deno.test("keepMetadata() keeps only what changed, and the newest copy counts", async () => {
  await using place = await tempStore(INIT);
  await keep(place.root, NOW);
  assertEquals(filesIn(await keep(place.root, NOW + 1)).length, 1);
  const path = `1/${runId(2)}/meta.yaml`;
  const text = `${Deno.readTextFileSync(join(place.root, path))}zebra: 1\n`;
  Deno.writeTextFileSync(join(place.root, path), text);
  const paths = await keep(place.root, NOW + 2);
  assertEquals(filesIn(paths).length, 2);
  const last = Deno.readTextFileSync(join(paths.own, "metadata", filesIn(paths)[1]!));
  assertEquals(last.trimEnd().split("\n").length, 2);
  assertEquals((await readHistory(paths)).get(path), {
    text,
    source: "the metadata kept",
    keptAt: NOW + 2,
  });
});

Deno.test("keepMetadata() never keeps more than five files, nor what has left the store", async () => {
  await using place = await tempStore(INIT);
  const path = `1/${runId(1)}/meta.yaml`;
  const original = Deno.readTextFileSync(join(place.root, path));
  for (let turn = 0; turn < 12; turn++) {
    Deno.writeTextFileSync(join(place.root, path), `${original}turn: ${"x".repeat(turn)}\n`);
    const paths = await keep(place.root, NOW + turn);
    assert(filesIn(paths).length <= 5);
    assertEquals(
      (await readHistory(paths)).get(path)?.text,
      `${original}turn: ${"x".repeat(turn)}\n`,
    );
    if (turn === 1) Deno.removeSync(join(place.root, "1", runId(2)), { recursive: true });
  }
  const history = await readHistory(await keep(place.root, NOW + 12));
  assertEquals([...history.keys()].filter((each) => each.includes(runId(2))), []);
});

Deno.test("keepMetadata() keeps the copy of a record that was lost since", async () => {
  await using place = await tempStore(INIT);
  await keep(place.root, NOW);
  const path = "1/meta.yaml";
  const before = Deno.readTextFileSync(join(place.root, path));
  Deno.writeTextFileSync(join(place.root, path), "");
  for (let turn = 1; turn < 8; turn++) {
    const record = join(place.root, `1/${runId(2)}/meta.yaml`);
    Deno.writeTextFileSync(record, `${Deno.readTextFileSync(record)}turn${turn}: 1\n`);
    assertEquals((await readHistory(await keep(place.root, NOW + turn))).get(path)?.text, before);
  }
});

Deno.test("readHistory() passes over lines and files that are damaged", async () => {
  await using place = await tempStore(INIT);
  const paths = await keep(place.root, NOW);
  const file = join(paths.own, "metadata", filesIn(paths)[0]!);
  const [header, first, ...others] = Deno.readTextFileSync(file).split("\n");
  Deno.writeTextFileSync(file, [header, first!.slice(0, 20), ...others].join("\n"));
  assertEquals((await readHistory(paths)).size, others.length - 1);
  Deno.writeTextFileSync(file, "nonsense");
  assertEquals((await readHistory(paths)).size, 0);
});

Deno.test("readHistory() reads a history that is longer than any text can be", async () => {
  await using place = await memoryDirectory();
  const paths = ensureOwnDirectory(place.path);
  Deno.mkdirSync(join(paths.own, "metadata"));
  const lineOf = (line: unknown) => new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  const longest = 2 ** 29;
  const filler = lineOf("x".repeat(60_000));
  {
    using file = Deno.openSync(join(paths.own, "metadata", "1.jsonl"), {
      write: true,
      createNew: true,
    });
    writeAll(file, lineOf({ schema: "mltidy/metadata/v1" }));
    for (let size = 0; size <= longest; size += filler.length) writeAll(file, filler);
    writeAll(file, lineOf(["1/meta.yaml", "stamp", "name: first\n", NOW]));
  }
  assertEquals(
    await readHistory(paths),
    new Map([["1/meta.yaml", { text: "name: first\n", source: "the metadata kept", keptAt: NOW }]]),
  );
});

Deno.test("keepMetadata() keeps records that are longer than what is written at once", async () => {
  await using place = await tempStore(INIT);
  const changed = new Map([1, 2].map((number) => {
    const path = `1/${runId(number)}/meta.yaml`;
    const note = `note: "${`é${number}`.repeat(100_000)}\u2028"\n`;
    return [path, `${Deno.readTextFileSync(join(place.root, path))}${note}`];
  }));
  for (const [path, text] of changed) Deno.writeTextFileSync(join(place.root, path), text);
  const paths = await keep(place.root, NOW);
  const history = await readHistory(paths);
  for (const [path, text] of changed) assertEquals(history.get(path)?.text, text);
  assertEquals(filesIn(await keep(place.root, NOW + 1)), filesIn(paths), "they are known again");
});

Deno.test("keepMetadata() leaves nothing in the way when it fails", async () => {
  await using place = await tempStore(INIT);
  await using store = await openStore(place.root);
  const snapshot = await store.read({ depth: "tags" });
  const paths = ensureOwnDirectory(place.root);
  // Where one copy cannot be written, the next attempt must not fail for that reason, too.
  writeFiles(paths.staging, { metadata: "" });
  await assertRejects(() => keepMetadata(paths, snapshot, NOW), Deno.errors.AlreadyExists);
  await keepMetadata(paths, snapshot, NOW);
  assertEquals((await readHistory(paths)).size, 4);
});

Deno.test("expireHistory() lets old copies go that no repair can need, and no other", async () => {
  await using place = await tempStore(INIT);
  const [first, second] = [1, 2].map((number) => `1/${runId(number)}/meta.yaml`) as [
    string,
    string,
  ];
  await keep(place.root, NOW);
  const text = `${Deno.readTextFileSync(join(place.root, first))}zebra: 1\n`;
  Deno.writeTextFileSync(join(place.root, first), text);
  const paths = await keep(place.root, NOW + 5);
  Deno.removeSync(join(place.root, "1", runId(2)), { recursive: true });
  Deno.removeSync(join(place.root, "1", "meta.yaml"));
  assertEquals((await describeHistory(paths)).copies, 5);

  const young = { olderThan: 10, now: NOW + 10 };
  assertEquals(await expireHistory(paths, place.root, young), 0);
  const old = { olderThan: 10, now: NOW + 100 };
  assertEquals(await countExpired(paths, place.root, old), 2);
  assertEquals((await describeHistory(paths)).copies, 5);
  assertEquals(await expireHistory(paths, place.root, old), 2);

  const history = await readHistory(paths);
  assertEquals([history.get(first)?.text, history.has(second)], [text, false]);
  assert(history.has("1/meta.yaml"), "what was lost in the store is kept, however old");
  assertEquals(await describeHistory(paths), {
    records: 3,
    copies: 3,
    bytes: Deno.statSync(join(paths.own, "metadata", filesIn(paths)[0]!)).size,
    newest: NOW + 5,
  });
  assertEquals(filesIn(paths).length, 1);
  assertEquals(await expireHistory(paths, place.root, old), 0);
});
