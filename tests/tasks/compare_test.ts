import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { policyOf, readConfig } from "../../lib/policy/config.ts";
import { comparePolicies } from "../../tasks/compare.ts";
import { openStore } from "../../tasks/open_store.ts";
import { DAY, experiment, run, runId } from "../_support/builders.ts";
import { tempStore, writeFiles } from "../_support/disk_store.ts";

const ENDED = Date.now() - 90 * DAY;
const RUN = `7/${runId(1)}`;
const STORE = {
  experiments: [
    experiment({ id: "7", runs: [run({ id: runId(1), startTime: ENDED - 1, endTime: ENDED })] }),
  ],
};

const dropping = (glob: string) =>
  policyOf(readConfig(
    `retention: { keep_last: 1 }\npurge: { artifacts_only: ${JSON.stringify(glob)} }`,
    "mltidy.yaml",
  ));
const NONE = policyOf(readConfig("retention: { keep_last: 1 }", "mltidy.yaml"));

Deno.test("comparePolicies() names the heavy files that only one of two policies drops", async () => {
  await using temp = await tempStore(STORE);
  writeFiles(temp.root, {
    [join(RUN, "artifacts/a.ckpt")]: "a",
    [join(RUN, "artifacts/b.onnx")]: "bb",
  });
  await using store = await openStore(temp.root);
  const compare = async (...[one, other]: readonly [typeof NONE, typeof NONE]) => {
    const { removed, kept } = await comparePolicies(store, { policy: one, other });
    return [removed, kept].map((sides) => sides.map(({ kind, path }) => `${kind} ${path}`));
  };
  const ckpt = `heavy-file ${RUN}/artifacts/a.ckpt`;
  const onnx = `heavy-file ${RUN}/artifacts/b.onnx`;
  assertEquals(await compare(NONE, dropping("*.ckpt")), [[ckpt], []]);
  assertEquals(await compare(dropping("*.ckpt"), NONE), [[], [ckpt]]);
  assertEquals(await compare(dropping("*.ckpt"), dropping("*.onnx")), [[onnx], [ckpt]]);
  assertEquals(await compare(dropping("*.ckpt"), dropping("*.ckpt")), [[], []]);
});
