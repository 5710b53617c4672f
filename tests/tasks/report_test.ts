import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { InvalidArgumentError } from "../../lib/errors.ts";
import { openStore } from "../../tasks/open_store.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { placeOfReport, report, writeReport } from "../../tasks/report.ts";
import { summary } from "../../tasks/summary.ts";
import { DAY, experiment, orphan, run, runId } from "../_support/builders.ts";
import { runTask } from "../_support/command.ts";
import { diskStore, writeFiles } from "../_support/disk_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

// The command line has no clock but the present.
const TODAY = Date.now();
const OLD = { startTime: TODAY - 50 * DAY, endTime: TODAY - 40 * DAY };

const STORE = {
  experiments: [experiment({
    id: "7",
    name: "감성분석 <b>",
    runs: [run({ id: runId(1), ...OLD }), run({ id: runId(2), startTime: TODAY, endTime: TODAY })],
  })],
  orphans: [orphan({ newestChange: TODAY - 60 * DAY })],
};

Deno.test("report() tells what summary and cleanup tell, from one reading", async () => {
  await using place = await diskStore(STORE);
  await using store = await openStore(place.root, { now: () => TODAY });
  const { summary: told, plan } = await report(store, { sizes: true });
  const { findings: _, depth: _depth, ...rest } = told;
  const { findings: _other, depth: _meta, ...expected } = await summary(store, { by: "size" });
  assertEquals(rest, expected);
  assertEquals(plan, (await cleanup(store, { sizes: true })).plan);
});

Deno.test("report writes the plan that its flags ask for, beside the store, which stays as it is", async () => {
  await using store = await diskStore(STORE);
  const before = await readTree(store.root);
  const { code, out, err } = await runTask("report", [
    ...["--html=r.html", "--days-old", "20", "--sizes", "--store", store.root],
  ], { directory: store.outside });
  assertEquals(code, 0, err);
  const file = join(store.outside, "r.html");
  const html = await Deno.readTextFile(file);
  assertStringIncludes(out, `Wrote ${await Deno.realPath(file)}, `);
  assertStringIncludes(html, "ended 40 d ago, limit 20 d");
  assertStringIncludes(html, "감성분석 &lt;b&gt;");
  assertStringIncludes(html, `deno task cleanup:apply --days-old 20 --store ${store.root}</pre>`);
  assertSameTree(await readTree(store.root), before);
  assertEquals([...Deno.readDirSync(store.outside)].map(({ name }) => name), ["r.html"]);
});

Deno.test("report says what is missing, and with --dry-run what it would write", async () => {
  await using store = await diskStore(STORE);
  const bare = await runTask("report", ["--store", store.root]);
  assertEquals(bare.code, 2);
  assertStringIncludes(bare.err, "expected --html FILE");
  const dry = await runTask("report", ["--html", "r.html", "-n", "--store", store.root], {
    directory: store.outside,
  });
  assertEquals(dry.code, 0, dry.err);
  assertStringIncludes(dry.out, "r.html; nothing was written");
  assertEquals([...Deno.readDirSync(store.outside)], []);
});

Deno.test("placeOfReport() refuses the store, and what is no earlier report", async () => {
  await using store = await diskStore(STORE);
  const at = (name: string) => join(store.outside, name);
  writeFiles(store.outside, { "mlflow.db": "SQLite", "short": "<!" });
  Deno.symlinkSync(join(store.root, "7"), at("link"));
  const refused = (path: string, why: string) =>
    assertThrows(() => placeOfReport(path, store.root), InvalidArgumentError, why);
  refused(join(store.root, "report.html"), "it lies in the store");
  refused(join(at("link"), "report.html"), "it lies in the store");
  refused(at("mlflow.db"), "something else is there already; name another file");
  refused(at("short"), "something else is there already");
  refused(store.outside, "something else is there already");
  Deno.symlinkSync("loop", at("loop"));
  for (const path of [at("loop"), at("loop/report.html")]) {
    refused(path, "Too many levels of symbolic links; name another file");
  }
  refused(at("missing/report.html"), `there is no directory ${at("missing")}`);
  const place = placeOfReport(at("report.html"), store.root);
  writeReport(place, "<!doctype html>1");
  Deno.symlinkSync(place, at("latest.html"));
  writeReport(placeOfReport(at("latest.html"), store.root), "<!doctype html>2");
  assertEquals(await Deno.readTextFile(place), "<!doctype html>2");
  assert(Deno.lstatSync(at("latest.html")).isSymlink);
  writeFiles(store.outside, { "report.html.new": "mine" });
  writeReport(placeOfReport(place, store.root), "<!doctype html>3");
  assertEquals(await Deno.readTextFile(at("report.html.new")), "mine");
});
