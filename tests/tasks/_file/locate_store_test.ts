import { assertEquals, assertRejects } from "@std/assert";
import { dirname, join, relative, toFileUrl } from "@std/path";
import {
  StoreAccessError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { locateStore } from "../../../tasks/_file/locate_store.ts";
import { experiment, orphan, registeredModel, run, runId } from "../../_support/builders.ts";
import { type Files, tempStore, writeFiles } from "../../_support/disk_store.ts";

Deno.test("locateStore() finds a store by a directory, a file URI, a link and its parent", async () => {
  await using store = await tempStore({ experiments: [experiment()] });
  const link = join(store.outside, "link to it");
  Deno.symlinkSync(store.root, link);
  const ways = [
    store.root,
    `${store.root}/`,
    toFileUrl(store.root).href,
    toFileUrl(link).href,
    link,
    dirname(store.root),
  ];
  assertEquals(
    new Set(await Promise.all(ways.map((path) => locateStore(path)))),
    new Set([store.root]),
  );
});

Deno.test("locateStore() takes relative file URIs, as MLflow does, from the current directory", async () => {
  await using store = await tempStore({ experiments: [experiment()] });
  const path = relative(Deno.cwd(), store.root);
  const ways = [`file:${path}`, `file:./${path}`, `FILE:${path.replace("mlruns", "ml%72uns")}?x#y`];
  assertEquals(
    new Set(await Promise.all(ways.map((path) => locateStore(path)))),
    new Set([store.root]),
  );
});

Deno.test("locateStore() refuses an empty name", async () => {
  for (const name of ["", "file:"]) {
    await assertRejects(
      () => locateStore(name),
      StoreNotFoundError,
      "Cannot open a store without a name",
    );
  }
});

Deno.test("locateStore() takes for a store what holds any sign of one", async () => {
  const signs: Readonly<Record<string, Files>> = {
    "the trash alone": { ".trash": null },
    "our directory alone": { ".mltidy.trash": null },
    "an experiment": { "0/meta.yaml": "" },
    "an experiment with a name for its id": { "first/meta.yaml": "experiment_id: first\n" },
    "a run without its experiment": { "data/run/meta.yaml": "run_id: run\n" },
    "a run of MLflow before 1.0": { "data/run/meta.yaml": "run_uuid: run\n" },
    "a registered model": { "models/m/meta.yaml": "creation_timestamp: 1\nname: m\n" },
  };
  for (const [sign, files] of Object.entries(signs)) {
    await using place = await tempStore();
    writeFiles(join(place.outside, "store"), files);
    assertEquals(
      await locateStore(join(place.outside, "store")),
      join(place.outside, "store"),
      sign,
    );
  }
});

Deno.test("locateStore() refuses a part of a store, and names the store", async () => {
  const [first, deleted] = ["420101650667246494", "420101650667246495"];
  await using store = await tempStore({
    experiments: [
      experiment({ id: first, runs: [run()] }),
      experiment({ id: deleted, lifecycleStage: "deleted", runs: [run({ id: runId(2) })] }),
    ],
    registeredModels: [registeredModel()],
  });
  const parts = [
    first,
    `${first}/${runId(1)}`,
    ".trash",
    `.trash/${deleted}`,
    `.trash/${deleted}/${runId(2)}`,
    "models",
  ];
  const refuse = async (part: string) =>
    await assertRejects(
      () => locateStore(join(store.root, part)),
      UnsupportedStoreError,
      `it is a part of store ${store.root}; name that with --store ${store.root}`,
      part,
    );
  for (const part of parts) await refuse(part);
  Deno.removeSync(join(store.root, first, "meta.yaml"));
  await refuse(first);
});

Deno.test("locateStore() finds a store of which only orphans are left", async () => {
  await using store = await tempStore({ orphans: [orphan()] });
  assertEquals(await locateStore(store.root), store.root);
});

Deno.test("locateStore() takes a directory that has a store as mlruns for no store itself", async () => {
  await using place = await tempStore();
  const experiments = { "1/meta.yaml": "experiment_id: '1'\n", "1/run/meta.yaml": "run_id: run\n" };
  writeFiles(join(place.outside, "mlruns"), experiments);
  writeFiles(place.outside, { "recipe/meta.yaml": "package: {}\n" });
  assertEquals(await locateStore(place.outside), join(place.outside, "mlruns"));
});

Deno.test("locateStore() takes no home or project for a store for the record that lies in its mlruns", async () => {
  await using place = await tempStore();
  const stray = { "mlruns/meta.yaml": "experiment_id: '0'\nname: Default\n" };
  const own = { "mlruns/0/meta.yaml": "experiment_id: '0'\n", "mlruns/.trash": null };
  writeFiles(place.outside, { ...stray, ...own, "Music/song.ogg": "", "data/x.csv": "" });
  const mlruns = join(place.outside, "mlruns");
  assertEquals(
    await Promise.all([mlruns, place.outside].map((path) => locateStore(path))),
    [mlruns, mlruns],
  );
  writeFiles(place.outside, { ".trash": null });
  assertEquals(await locateStore(place.outside), mlruns);
});

Deno.test("locateStore() refuses an experiment without a store around it", async () => {
  await using place = await tempStore();
  const alone = { "meta.yaml": "experiment_id: '0'\n", [`${runId(1)}/meta.yaml`]: "run_id: a\n" };
  writeFiles(join(place.outside, "mlruns"), alone);
  for (const at of [place.outside, join(place.outside, "mlruns")]) {
    await assertRejects(() => locateStore(at), UnsupportedStoreError, undefined, at);
  }
  await assertRejects(
    () => locateStore(join(place.outside, "mlruns")),
    UnsupportedStoreError,
    "it is an experiment's directory, and no store is around it",
  );
});

Deno.test("locateStore() finds a store in a store, and the one around it", async () => {
  for (const name of ["mlruns", "20240101"]) {
    await using store = await tempStore({ experiments: [experiment()] });
    const inner = join(store.root, name);
    writeFiles(inner, { "0/meta.yaml": "experiment_id: '0'\n", ".trash": null });
    assertEquals(await Promise.all([store.root, inner].map((path) => locateStore(path))), [
      store.root,
      inner,
    ]);
  }
});

Deno.test("locateStore() finds no store where nothing is", async () => {
  await using store = await tempStore();
  const nowhere = join(store.outside, "mlruns");
  const error = await assertRejects(
    () => locateStore(nowhere),
    StoreNotFoundError,
    `Cannot open store ${nowhere}: no such directory; name the store with --store DIR`,
  );
  assertEquals(error.store, nowhere);
});

Deno.test("locateStore() refuses a file, an empty directory and one that is no store", async () => {
  await using store = await tempStore();
  const at = (path: string) => join(store.outside, path);
  writeFiles(store.outside, { file: "", empty: null, "photos/2026/1.jpg": "" });
  writeFiles(store.outside, { "project/recipe/meta.yaml": "package: {}\n" });
  await assertRejects(() => locateStore(at("file")), UnsupportedStoreError, "found a file");
  await assertRejects(
    () => locateStore(at("empty")),
    UnsupportedStoreError,
    "the directory is empty",
  );
  await assertRejects(
    () => locateStore(at("photos")),
    UnsupportedStoreError,
    "it is no MLflow file store",
  );
});

Deno.test("locateStore() tells the artifacts of a database from a store", async () => {
  const layouts: readonly Files[] = [
    { [`1/${runId(1)}/artifacts/model.pkl`]: "" },
    { [`1/models/m-${runId(1)}/artifacts/MLmodel`]: "" },
  ];
  for (const files of layouts) {
    await using place = await tempStore();
    const root = join(place.outside, "mlruns");
    writeFiles(root, files);
    await assertRejects(() => locateStore(root), UnsupportedStoreError, "it holds artifacts only");
  }
});

Deno.test("locateStore() says why it cannot read a store", async () => {
  await using store = await tempStore();
  const loop = join(store.outside, "loop");
  Deno.symlinkSync("loop", loop);
  await assertRejects(() => locateStore(loop), StoreAccessError, `Cannot read store ${loop}: `);
});

Deno.test("locateStore() refuses tracking servers, databases and file URIs of other machines", async () => {
  for (const uri of ["http://localhost:5000", "sqlite:///mlflow.db", "databricks://profile"]) {
    await assertRejects(
      () => locateStore(uri),
      UnsupportedStoreError,
      `found a ${uri.slice(0, uri.indexOf(":"))} URI`,
    );
  }
  if (Deno.build.os === "windows") return;
  await assertRejects(() => locateStore("file://nas/mlruns"), UnsupportedStoreError);
});
