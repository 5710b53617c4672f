// deno-lint-ignore-file no-console -- it talks to the person who waits for it.
/**
 * Measures `verify` on a large store with 300 damages: are all of them found, how long does it take,
 * and what does the first screen show?
 *
 *     deno run -A tests/bench/verify_bench.ts [RUNS] [DIRECTORY]
 *
 * Makes a store of RUNS runs (100,000) below DIRECTORY, or takes the one that is there, damages it,
 * verifies it, and puts it right again.
 *
 * @module
 */

import { renderFindings } from "../../lib/render_findings.ts";
import { verifySnapshot } from "../../lib/verify_snapshot.ts";
import { readStore } from "../../tasks/_io/read_store.ts";
import { type DamagedStore, openDamaged } from "../_support/damage.ts";
import { benchStore } from "./bench_store.ts";

/** Ways to damage a run, each with the rule that it breaks. */
const WAYS: readonly (readonly [
  rule: string,
  file: string,
  inflict: (
    store: DamagedStore,
    path: string,
  ) => void,
])[] = [
  ["metric-empty", "metrics/metric_0", (s, path) => s.write(path, "")],
  ["metric-line-malformed", "metrics/metric_1", (s, path) => s.edit(path, (text) => `${text}17`)],
  ["metric-line-torn", "metrics/metric_2", (s, path) => s.edit(path, (text) => text.slice(0, -1))],
  ["param-unreadable", "params/param_0", (s, path) => s.write(path, new Uint8Array([0xff]))],
  ["param-with-carriage-return", "params/param_1", (s, path) => s.write(path, "a\r\nb")],
  ["value-of-zeros", "tags/team", (s, path) => s.write(path, "\0\0\0")],
  ["run-meta-empty", "meta.yaml", (s, path) => s.write(path, "")],
  ["run-meta-missing", "meta.yaml", (s, path) => s.remove(path)],
  ["run-meta-unreadable", "meta.yaml", (s, path) => s.write(path, "name: 'cut")],
  ["run-meta-incomplete", "meta.yaml", (s, path) => s.drop(path, "user_id")],
];

const DAMAGES = 300;

async function main(runs: number, parent: string): Promise<void> {
  const { directory } = benchStore(parent, runs);
  const root = await Deno.realPath(directory);
  const victims = pickRuns(root, DAMAGES);
  const store = openDamaged(root);
  const undo: (() => void)[] = [];
  try {
    const broken = victims.map((run, index) => {
      const [rule, file, inflict] = WAYS[index % WAYS.length]!;
      const path = `${run}/${file}`;
      const before = Deno.readFileSync(`${root}/${path}`);
      undo.push(() => Deno.writeFileSync(`${root}/${path}`, before));
      inflict(store, path);
      return { rule, run };
    });
    const start = performance.now();
    const snapshot = await readStore(root, { depth: "full" }, Date.now());
    const read = performance.now();
    const findings = verifySnapshot(snapshot);
    const judged = performance.now();
    const missed = broken.filter(({ rule, run }) =>
      !findings.some((each) => each.rule === rule && each.path.startsWith(run))
    );
    const screen = renderFindings(findings, { width: 100 });
    console.log(screen.split("\n").slice(0, 24).join("\n"));
    const seconds = (from: number, to: number) => `${((to - from) / 1_000).toFixed(1)} s`;
    console.log(`\n${runs} runs, ${broken.length} damages: ${missed.length} missed`);
    console.log(`read ${seconds(start, read)}, checked ${seconds(read, judged)}`);
    console.log(`memory ${Math.round(Deno.memoryUsage().rss / 1_048_576)} MiB`);
    if (missed.length > 0 || findings.length !== broken.length) Deno.exitCode = 1;
  } finally {
    for (const each of undo) each();
  }
}

/** Runs all over the store. */
function pickRuns(root: string, count: number): readonly string[] {
  const names = (path: string) =>
    [...Deno.readDirSync(path)].filter((entry) => entry.isDirectory && entry.name !== ".trash")
      .map((entry) => entry.name).sort();
  const runs = names(root).flatMap((id) =>
    names(`${root}/${id}`).filter((name) => /^[0-9a-f]{32}$/.test(name))
      .map((name) => `${id}/${name}`)
  );
  const step = Math.floor(runs.length / count);
  return Array.from({ length: count }, (_, index) => runs[index * step]!);
}

if (import.meta.main) {
  const [runs = "100000", parent = `${Deno.env.get("TMPDIR") ?? "."}/mltidy-bench`] = Deno.args;
  await main(Number(runs), parent);
}
