import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { applyPlan } from "../../tasks/apply_plan.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import { runId } from "../_support/builders.ts";
import { tempStore, writeFiles } from "../_support/disk_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { cleanUpAndBack, open, PURGED, replaceByLink, rubbish, writeOutside } from "./rubbish.ts";

for (
  const [what, path] of [
    ["an experiment", "1"],
    ["a deleted experiment", ".trash/2"],
    ["an orphan", "3"],
    ["a run", PURGED],
    ["a directory of artifacts", `${PURGED}/artifacts`],
    ["the directory of deleted experiments", ".trash"],
  ] as const
) {
  for (
    const [where, target] of [
      ["out", "OUTSIDE/precious"],
      ["into the store", "ROOT/1"],
      ["in a circle", "."],
      ["nowhere", "nothing"],
    ] as const
  ) {
    Deno.test(`cleanup() leaves what lies behind ${what} that is a link ${where}`, async () => {
      await using store = await rubbish();
      const moved = Deno.readFileSync(join(store.root, `${PURGED}/meta.yaml`));
      writeOutside(store, {
        "meta.yaml": new TextDecoder().decode(moved),
        "a/b": "kept",
        "empty": null,
      });
      replaceByLink(
        join(store.root, path),
        target.replace("OUTSIDE", store.outside).replace("ROOT", store.root),
      );
      await cleanUpAndBack(store);
    });
  }
}

Deno.test("cleanup() never follows an artifact_uri, wherever it points", async () => {
  await using store = await tempStore();
  await using other = await rubbish();
  writeOutside(store, { "model/weights.bin": "weights" });
  const uris = [
    `file://${store.outside}/precious`,
    `file://${other.root}/1/${runId(1)}/artifacts`,
    "../outside/precious",
    "file:///",
    "s3://bucket/precious",
  ];
  for (const [index, artifactUri] of uris.entries()) {
    const meta = Deno.readTextFileSync(join(other.root, `${PURGED}/meta.yaml`))
      .replace(/^artifact_uri: .*$/m, `artifact_uri: ${artifactUri}`)
      .replaceAll(runId(2), runId(10 + index));
    writeFiles(join(store.root, `1/${runId(10 + index)}`), {
      "meta.yaml": meta,
      "artifacts": null,
    });
  }
  writeFiles(store.root, {
    "1/meta.yaml": Deno.readTextFileSync(join(other.root, "1/meta.yaml")),
  });
  const untouched = await readTree(other.root);
  await using opened = await open(store);
  const { report } = await cleanup(opened, { apply: true, purgeAfter: 0 });
  assertEquals(report?.totals.applied, uris.length);
  assertSameTree(await readTree(other.root), untouched);
  assertEquals(Deno.readTextFileSync(join(store.outside, "precious/model/weights.bin")), "weights");
});

Deno.test("cleanup() of a copied store leaves the original that its URIs name", async () => {
  await using original = await rubbish();
  await using copy = await tempStore();
  await new Deno.Command("cp", { args: ["-a", `${original.root}/.`, copy.root] }).output();
  for (const path of ["1/meta.yaml", `1/${runId(1)}/meta.yaml`, `${PURGED}/meta.yaml`]) {
    for (const { root } of [original, copy]) {
      const text = Deno.readTextFileSync(join(root, path));
      Deno.writeTextFileSync(join(root, path), text.replaceAll("/data/mlruns", original.root));
    }
  }
  const untouched = await readTree(original.root);
  await using opened = await open(copy);
  const { report } = await cleanup(opened, { apply: true, backup: false });
  assert((report?.totals.applied ?? 0) >= 4);
  assertSameTree(await readTree(original.root), untouched);
});

Deno.test("a directory that becomes a link between plan and apply is left alone", async () => {
  await using store = await rubbish();
  await using opened = await open(store);
  const { plan } = await cleanup(opened);
  await Deno.rename(join(store.root, "1"), join(store.outside, "1"));
  Deno.symlinkSync(join(store.outside, "1"), join(store.root, "1"));
  const before = await readTree(store.outside);
  await using locked = await lockStore(opened, { task: "apply" });
  const since = await locked.read({ depth: "tags" });
  const report = await applyPlan(locked, { ...plan, basis: since.fingerprint }, { since });
  const inLink = report.outcomes.filter(({ path }) => path.startsWith("1/"));
  assertEquals(
    inLink.map((one) => one.outcome === "skipped" ? one.because : one.outcome),
    inLink.map(() => "symbolic-link"),
  );
  assertSameTree(await readTree(store.outside), before);
});

Deno.test("a directory that becomes a link between apply and restore is left alone", async () => {
  await using store = await rubbish();
  await using opened = await open(store);
  await cleanup(opened, { apply: true });
  await Deno.rename(join(store.root, "1"), join(store.outside, "1"));
  Deno.symlinkSync(join(store.outside, "1"), join(store.root, "1"));
  const before = await readTree(store.outside);
  await assertRejects(() => restore(opened), Error, "symbolic link");
  assertSameTree(await readTree(store.outside), before);
});

Deno.test("a file that is linked outside is not counted as freed, and stays there", async () => {
  await using store = await rubbish();
  const linked = join(store.root, `${PURGED}/artifacts/big.bin`);
  const freedOf = async () => {
    await using opened = await open(store);
    const { plan } = await cleanup(opened);
    return plan.actions.find(({ path }) => path === PURGED)!.usage.bytes;
  };
  const without = await freedOf();
  Deno.writeFileSync(linked, new Uint8Array(1e6));
  assert(await freedOf() >= without + 1e6);
  Deno.linkSync(linked, join(store.outside, "big.bin"));
  assertEquals(await freedOf(), without);
  await using opened = await open(store);
  await cleanup(opened, { apply: true, backup: false });
  assertEquals(Deno.statSync(join(store.outside, "big.bin")).size, 1e6);
});
