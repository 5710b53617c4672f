/**
 * The app plugin of `plugin/` in MLflow's own server, as its README starts both.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { memoryDirectory, type TempDirectory, tempDirectory } from "../_support/temp_directory.ts";
import { writeFiles } from "../_support/disk_store.ts";
import { startReview } from "../_support/review_process.ts";
import { writeDemoStore } from "../../tasks/demo.ts";
import { testEachVersion } from "./each_version.ts";
import { emptyDatabase, startTrackingServer } from "./servers/start_server.ts";

const PLUGIN = fromFileUrl(new URL("plugin/", import.meta.url));

testEachVersion(
  "the plugin shows the review page below /mltidy, to who has its token",
  async (version) => {
    // Apps are ASGI applications from MLflow 3 on.
    if (version.name.startsWith("2.")) return;
    await using place = await tempDirectory();
    await using own = await memoryDirectory();
    const store = join(place.path, "demo");
    await writeDemoStore(store, { now: Date.now() });
    await using review = await startReview("review", store, "--port", "0");
    await using server = await startTrackingServer(version, {
      backend: `sqlite:///${emptyDatabase(version, place.path)}`,
      directory: place.path,
      app: {
        name: "mltidy",
        settings: { MLTIDY_REVIEW: review.origin, PYTHONPATH: install(own) },
      },
    });
    const page = `${server.uri}/mltidy/`;
    const shell = await fetch(`${server.uri}/mltidy`);
    assertEquals([shell.url, shell.status], [page, 200]);
    assertStringIncludes(shell.headers.get("content-security-policy") ?? "", "default-src 'none'");
    const text = await shell.text();
    const assets = [...text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path]) => path!)
      .filter((path) => !path.startsWith("data:"));
    for (const path of assets) {
      const asset = await fetch(new URL(path, page));
      await asset.body?.cancel();
      assertEquals([path, asset.status], [path, 200]);
    }
    const authorization = `Bearer ${review.token}`;
    const ask = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(`${page}api/${path}`, init);
      return { status: answer.status, body: await answer.json() };
    };
    const json = { authorization, "content-type": "application/json" };
    const body = JSON.stringify({ values: {}, leftOut: [] });
    const same = { ...json, origin: server.uri, "sec-fetch-site": "same-origin" };
    assertEquals((await ask("store")).status, 401);
    assertEquals((await ask("store", { headers: { authorization } })).body.totals.runs, 1293);
    const { status, body: plan } = await ask("plan", { method: "POST", headers: same, body });
    assertEquals([status, plan.totals.softDeleteRuns], [200, 143]);
    const foreign = { ...json, origin: "http://evil.example", "sec-fetch-site": "cross-site" };
    assertEquals((await ask("plan", { method: "POST", headers: foreign, body })).status, 403);
    const own2 = await fetch(`${server.uri}/`);
    assertStringIncludes(await own2.text(), "MLflow");
  },
);

/** As `pip install` would, without asking the index for what builds it. */
function install({ path }: TempDirectory): string {
  const project = Deno.readTextFileSync(join(PLUGIN, "pyproject.toml"));
  const entry = /^mltidy = "(.*)"$/m.exec(project)?.[1];
  const site = join(path, "site");
  writeFiles(site, {
    "mltidy_mlflow.py": Deno.readTextFileSync(join(PLUGIN, "mltidy_mlflow.py")),
    "mltidy_mlflow-0.1.0.dist-info/METADATA":
      "Metadata-Version: 2.1\nName: mltidy-mlflow\nVersion: 0.1.0\n",
    "mltidy_mlflow-0.1.0.dist-info/entry_points.txt": `[mlflow.app]\nmltidy = ${entry}\n`,
  });
  return site;
}
