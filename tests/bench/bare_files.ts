/**
 * What a task cannot do without at the files of the benchmark's store, in bare Deno and two threads. Nothing is
 * done with what is seen.
 *
 * - `reads`: those of a clean-up by the policy of the benchmark: of each run its record, the names of its tags, one
 *   tag, one metric, and the stamps of its directory and record.
 * - `stamps`: those of an index of what was read: to look at each directory and each file, since MLflow appends to
 *   metrics and writes tags in their place, which changes no directory's times. Nothing is listed but experiments,
 *   as if the index knew all other names.
 *
 *     deno run -R tests/bench/bare_files.ts reads STORE
 *
 * @module
 */

const [what = "", store = ""] = Deno.args;

const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}_${index}`);
/** What `bench_store.ts` writes into a run. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  artifacts: [],
  metrics: numbered("metric", 3),
  params: numbered("param", 8),
  tags: ["mlflow.runName", "mlflow.user", "mlflow.source.name", "mlflow.source.type", "team"],
};
const PATHS = [
  "",
  "/meta.yaml",
  ...Object.entries(FILES).flatMap(([folder, names]) => [
    `/${folder}`,
    ...names.map((name) => `/${folder}/${name}`),
  ]),
];

function stampRun(at: string): void {
  for (const path of PATHS) Deno.lstatSync(`${at}${path}`);
}

function readRun(at: string): void {
  Deno.lstatSync(at);
  Deno.lstatSync(`${at}/meta.yaml`);
  Deno.readTextFileSync(`${at}/meta.yaml`);
  for (const { name } of Deno.readDirSync(`${at}/tags`)) {
    if (name === "team") Deno.readTextFileSync(`${at}/tags/${name}`);
  }
  Deno.readTextFileSync(`${at}/metrics/metric_0`);
}

function visitHalf(root: string, half: number, visit: (at: string) => void): void {
  for (const { name, isDirectory } of Deno.readDirSync(root)) {
    if (!isDirectory || !/^\d+$/.test(name)) continue;
    for (const { name: run } of Deno.readDirSync(`${root}/${name}`)) {
      if (run.length === 32 && run.charCodeAt(31) % 2 === half) visit(`${root}/${name}/${run}`);
    }
  }
}

const visits: Readonly<Record<string, (at: string) => void>> = { reads: readRun, stamps: stampRun };
const visit = visits[what];
if (visit === undefined) throw new RangeError(`Cannot do ${what}: name reads or stamps`);

const thread = self as unknown as {
  onmessage: () => void;
  postMessage: (message: string) => void;
};

if (self.name === "second") {
  thread.onmessage = () => {
    visitHalf(store, 1, visit);
    thread.postMessage("done");
  };
} else {
  const second = new Worker(import.meta.url, { type: "module", name: "second" });
  const done = new Promise((resolve) => second.onmessage = resolve);
  second.postMessage("go");
  visitHalf(store, 0, visit);
  await done;
  second.terminate();
}
