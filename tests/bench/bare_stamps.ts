/**
 * What an index of what was read could not do without, in bare Deno and two threads: to look at each directory
 * and each file of the benchmark's store, since MLflow appends to metrics and writes tags in their place, which
 * changes no directory's times. Nothing is listed but experiments, as if the index knew all other names, and
 * nothing is done with what is seen.
 *
 *     deno run -R tests/bench/bare_stamps.ts STORE
 *
 * @module
 */

const [store = ""] = Deno.args;

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

function lookAtHalf(root: string, half: number): void {
  for (const { name, isDirectory } of Deno.readDirSync(root)) {
    if (!isDirectory || !/^\d+$/.test(name)) continue;
    for (const { name: run } of Deno.readDirSync(`${root}/${name}`)) {
      if (run.length !== 32 || run.charCodeAt(31) % 2 !== half) continue;
      for (const path of PATHS) Deno.lstatSync(`${root}/${name}/${run}${path}`);
    }
  }
}

const thread = self as unknown as {
  onmessage: (message: MessageEvent<string>) => void;
  postMessage: (message: string) => void;
};

if (self.name === "second") {
  thread.onmessage = ({ data }) => {
    lookAtHalf(data, 1);
    thread.postMessage("done");
  };
} else {
  const second = new Worker(import.meta.url, { type: "module", name: "second" });
  const done = new Promise((resolve) => second.onmessage = resolve);
  second.postMessage(store);
  lookAtHalf(store, 0);
  await done;
  second.terminate();
}
