import { assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { packRuns, unpackRuns } from "../../../lib/snapshot/pack_runs.ts";
import { snapshotArbitrary } from "../../_support/arbitraries.ts";
import { experiment, NOW, run, runId } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

Deno.test("unpackRuns() gives back the runs that packRuns() took, as many as there are", () => {
  fc.assert(
    fc.property(snapshotArbitrary({ now: NOW }).map(deepFreeze), ({ experiments }) => {
      for (const { id, path, runs } of experiments) {
        const packed = structuredClone(packRuns(runs));
        assertEquals(unpackRuns(packed, { id, path }), runs);
      }
    }),
  );
});

Deno.test("unpackRuns() keeps what is unusual about a run", () => {
  const extras = { metrics: new Map(), params: new Map([["a", "1"]]), inputs: [], heavy: [] };
  const runs = [
    run({ id: runId(1), artifactUri: "", endTime: null }),
    run({ id: runId(2), artifactUri: `s3://bucket/${runId(2)}`, name: "", stamp: "" }),
    run({ id: runId(3), artifactUri: "dbfs:/elsewhere", usage: null, deletedTime: 0 }),
    { ...run({ id: runId(5), deletedTime: null }), lastChange: NOW },
    run({ id: runId(4), link: true, tags: { "a/b": "", c: "two\nlines" } }),
  ];
  const { id, path } = experiment();
  assertEquals(unpackRuns(packRuns(runs), { id, path }), runs);
  const more = runs.map((each) => ({ ...each, extras }));
  assertEquals(unpackRuns(packRuns(more), { id, path }), more);
});

Deno.test("packRuns() holds what runs have in common once", () => {
  const runs = [1, 2, 3].map((number) => run({ id: runId(number), tags: { team: "vision" } }));
  assertEquals(packRuns(runs).texts, ["file:///data/mlruns/1/", "/artifacts", "team", "vision"]);
});
