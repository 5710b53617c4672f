/**
 * Is anything missed in a large store? 300 of its files are damaged, verified, and put right again.
 *
 * @module
 */

import { type DamagedStore, openDamaged } from "../_support/damage.ts";
import { outputOf } from "./compare_programs.ts";
import type { Bench, Figure } from "./measurement.ts";
import { taskWords } from "./programs.ts";

const RUNS = 100_000;
const DAMAGES = 300;

/** Ways to damage a run, each with the rule that it breaks. */
const WAYS: readonly (readonly [
  rule: string,
  file: string,
  inflict: (store: DamagedStore, path: string) => void,
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

interface Finding {
  readonly rule: string;
  readonly path: string;
}

/** What `verify` misses, and what it finds that is not there. */
export async function measureDamage(bench: Bench): Promise<readonly Figure[]> {
  const root = await Deno.realPath(bench.store(RUNS));
  const store = openDamaged(root);
  const undo: (() => void)[] = [];
  try {
    const broken = pickRuns(root, DAMAGES).map((run, index): Finding => {
      const [rule, file, inflict] = WAYS[index % WAYS.length]!;
      const path = `${run}/${file}`;
      const before = Deno.readFileSync(`${root}/${path}`);
      undo.push(() => Deno.writeFileSync(`${root}/${path}`, before));
      inflict(store, path);
      return { rule, path: run };
    });
    const words = taskWords("verify", ["--json", "--store", root]);
    const { findings } = JSON.parse(await outputOf(words, { codes: [0, 3] })) as {
      readonly findings: readonly Finding[];
    };
    const told = ({ rule, path }: Finding) =>
      findings.some((each) => each.rule === rule && each.path.startsWith(path));
    const missed = broken.filter((each) => !told(each)).length;
    const wrong = missed + Math.abs(findings.length - broken.length);
    return [{
      what: `damages missed or invented by \`verify\`, ${DAMAGES} in 100,000 runs`,
      value: wrong,
      unit: "",
      bound: { atMost: 0 },
      detail: `${findings.length} findings`,
      rounds: 1,
    }];
  } finally {
    for (const each of undo) each();
  }
}

/** Runs all over the store. */
function pickRuns(root: string, count: number): readonly string[] {
  const names = (path: string) =>
    [...Deno.readDirSync(path)].filter((entry) => entry.isDirectory && entry.name !== ".trash")
      .map((entry) => entry.name).sort();
  const runs = names(root).flatMap((id) => names(`${root}/${id}`).map((name) => `${id}/${name}`));
  const step = Math.floor(runs.length / count);
  return Array.from({ length: count }, (_, index) => runs[index * step]!);
}
