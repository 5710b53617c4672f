import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { keepMetadata, readHistory } from "../../../tasks/_io/metadata_history.ts";
import { ensureOwnDirectory, type OwnPaths } from "../../../tasks/_io/own_directory.ts";
import { openStore } from "../../../tasks/store.ts";
import { experiment, NOW, orphan, registeredModel, run, runId } from "../../_support/builders.ts";
import { tempStore } from "../../_support/disk_store.ts";

const INIT = {
  experiments: [experiment({ runs: [run(), run({ id: runId(2) })] })],
  orphans: [orphan({ id: "7" })],
  registeredModels: [registeredModel()],
};

async function keep(root: string, now: number): Promise<OwnPaths> {
  await using store = await openStore(root);
  const paths = ensureOwnDirectory(root);
  keepMetadata(paths, await store.read({ depth: "tags" }), now);
  return paths;
}

const filesIn = ({ own }: OwnPaths) =>
  [...Deno.readDirSync(join(own, "metadata"))].map(({ name }) => name).sort();

Deno.test("keepMetadata() keeps every record that MLflow can read, as it is", async () => {
  await using place = await tempStore(INIT);
  const history = readHistory(await keep(place.root, NOW));
  const expected = [...history.keys()].filter((path) => path.endsWith("/meta.yaml"));
  assertEquals([...history.keys()], expected);
  assertEquals(history.size, 4);
  for (const [path, { text, keptAt }] of history) {
    assertEquals(text, Deno.readTextFileSync(join(place.root, path)), path);
    assertEquals(keptAt, NOW);
  }
  assertEquals([...history.keys()].filter((path) => path.startsWith("7/")), []);
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
  assertEquals(readHistory(paths).get(path), {
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
    Deno.writeTextFileSync(join(place.root, path), `${original}turn: ${turn}\n`);
    const paths = await keep(place.root, NOW + turn);
    assert(filesIn(paths).length <= 5);
    assertEquals(readHistory(paths).get(path)?.text, `${original}turn: ${turn}\n`);
    if (turn === 1) Deno.removeSync(join(place.root, "1", runId(2)), { recursive: true });
  }
  const history = readHistory(await keep(place.root, NOW + 12));
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
    assertEquals(readHistory(await keep(place.root, NOW + turn)).get(path)?.text, before);
  }
});

Deno.test("readHistory() passes over lines and files that are damaged", async () => {
  await using place = await tempStore(INIT);
  const paths = await keep(place.root, NOW);
  const file = join(paths.own, "metadata", filesIn(paths)[0]!);
  const [header, first, ...others] = Deno.readTextFileSync(file).split("\n");
  Deno.writeTextFileSync(file, [header, first!.slice(0, 20), ...others].join("\n"));
  assertEquals(readHistory(paths).size, others.length - 1);
  Deno.writeTextFileSync(file, "nonsense");
  assertEquals(readHistory(paths).size, 0);
});
