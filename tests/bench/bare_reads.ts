/**
 * The reads that a clean-up by the policy of the benchmark cannot do without, in bare Deno and two threads:
 * of each run its record, the names of its tags, one tag, one metric, and the stamps of its directory and
 * record. Nothing is done with what is read.
 *
 *     deno run -R tests/bench/bare_reads.ts STORE
 *
 * @module
 */

const [store = ""] = Deno.args;

function readHalf(root: string, half: number): void {
  for (const { name, isDirectory } of Deno.readDirSync(root)) {
    if (!isDirectory || !/^\d+$/.test(name)) continue;
    for (const { name: run } of Deno.readDirSync(`${root}/${name}`)) {
      if (run.length === 32 && run.charCodeAt(31) % 2 === half) readRun(`${root}/${name}/${run}`);
    }
  }
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

const thread = self as unknown as {
  onmessage: (message: MessageEvent<string>) => void;
  postMessage: (message: string) => void;
};

if (self.name === "second") {
  thread.onmessage = ({ data }) => {
    readHalf(data, 1);
    thread.postMessage("done");
  };
} else {
  const second = new Worker(import.meta.url, { type: "module", name: "second" });
  const done = new Promise((resolve) => second.onmessage = resolve);
  second.postMessage(store);
  readHalf(store, 0);
  await done;
  second.terminate();
}
