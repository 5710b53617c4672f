import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import type { Selection } from "../../../lib/policy/policy.ts";
import { experimentMatcher, narrow, selectIn } from "../../../lib/selection/select.ts";
import { experiment, loggedModel, orphan, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const ALL: Selection = { experiments: [], exclude: [], runs: [] };
const STORE = deepFreeze(snapshot({
  experiments: [
    experiment({
      id: "1",
      name: "churn",
      runs: [run({ id: runId(1) }), run({ id: runId(2) })],
      loggedModels: [loggedModel({ id: "m-1", sourceRunId: runId(1) })],
      usage: { bytes: 900_000, files: 90 },
    }),
    experiment({ id: "2", name: "churn-base", runs: [run({ id: runId(3) })] }),
    experiment({ id: "7", name: "vision", lifecycleStage: "deleted", recordedStage: "deleted" }),
  ],
  orphans: [orphan({ id: "9" })],
}));
const [CHURN, BASE] = STORE.experiments;
const FIRST = CHURN!.runs[0]!;

function selected(selection: Partial<Selection>): readonly string[] {
  const isSelected = selectIn(STORE, { ...ALL, ...selection });
  return [...STORE.experiments, ...STORE.orphans]
    .flatMap((holder) => [holder, ...holder.runs, ...holder.loggedModels])
    .map(({ path }) => path).filter(isSelected);
}

Deno.test("selectIn() takes experiments by name, id or glob, with all that lies in them", () => {
  const churn = [CHURN, ...CHURN!.runs, ...CHURN!.loggedModels].map((one) => one!.path);
  const base = [BASE!.path, BASE!.runs[0]!.path];
  assertEquals(selected({ experiments: ["churn"] }), churn);
  assertEquals(selected({ experiments: ["churn*"] }), [...churn, ...base]);
  assertEquals(selected({ experiments: ["churn*"], exclude: ["1"] }), base);
  assertEquals(selected({ exclude: ["churn*"] }), [".trash/7", "9"]);
  assertEquals(selected({ experiments: ["7", "9"] }), [".trash/7", "9"]);
});

Deno.test("selectIn() takes an id before a name that reads like it, and both before a list or a glob", () => {
  const store = deepFreeze(snapshot({
    experiments: [
      experiment({ id: "1", name: "2" }),
      experiment({ id: "2", name: "a,b" }),
      experiment({ id: "3", name: "a" }),
      experiment({ id: "4", name: "b" }),
      experiment({ id: "5", name: "a*" }),
    ],
  }));
  const ids = (...experiments: string[]) => {
    const isSelected = selectIn(store, { ...ALL, experiments });
    return store.experiments.filter(({ path }) => isSelected(path)).map(({ id }) => `${id}`);
  };
  assertEquals(ids("2"), ["2"]);
  assertEquals(ids("1"), ["1"]);
  assertEquals(ids("a,b"), ["2"]);
  assertEquals(ids("a, b"), ["3", "4"]);
  assertEquals(ids("a,b,1"), ["1", "3", "4"]);
  assertEquals(ids("a*"), ["5"]);
  assertEquals(ids("a?b"), ["2"]);
});

Deno.test("selectIn() takes a run by the name that it alone has, and names those that share one", () => {
  const store = deepFreeze(snapshot({
    experiments: [experiment({
      id: "1",
      runs: [
        run({ id: runId(1), name: "base,line" }),
        run({ id: runId(2), name: "twin" }),
        run({ id: runId(3), name: "twin" }),
      ],
    })],
  }));
  const [first] = store.experiments[0]!.runs;
  const isSelected = selectIn(store, { ...ALL, runs: ["base,line"] });
  const paths = store.experiments[0]!.runs.map(({ path }) => path);
  assertEquals(paths.filter(isSelected), [first!.path]);
  assertThrows(
    () => selectIn(store, { ...ALL, runs: ["twin"] }),
    InvalidArgumentError,
    `Cannot select run twin: 2 runs have that name, such as ${runId(2)} and ${
      runId(3)
    }; expected the id of one`,
  );
});

Deno.test("selectIn() takes with a run its logged models, and not what is around it", () => {
  const own = [FIRST.path, CHURN!.loggedModels[0]!.path];
  assertEquals(selected({ runs: [runId(1)] }), own);
  assertEquals(selected({ runs: [runId(1)], experiments: ["churn-base"] }), []);
  assertEquals(selectIn(STORE, { ...ALL, runs: [runId(1)] })(`${FIRST.path}/artifacts/a`), true);
});

Deno.test("selectIn() refuses what fits nothing, and a beginning that several ids have", () => {
  const refused = (selection: Partial<Selection>, message: string) =>
    assertThrows(() => selectIn(STORE, { ...ALL, ...selection }), InvalidArgumentError, message);
  refused(
    { experiments: ["chrun"] },
    "Cannot select experiment chrun: no experiment or orphan of this store has that name or id; did you mean churn?",
  );
  refused({ experiments: ["churn"], exclude: ["x*"] }, "Cannot select experiment x*");
  refused(
    { runs: ["ffff"] },
    "Cannot select run ffff: no run of this store that can be read has that name, or an id that begins so",
  );
  refused({ runs: ["0"] }, "Cannot select run 0: the ids of 3 runs begin so, such as");
});

Deno.test("narrow() leaves nothing but what is selected, and counts nothing else", () => {
  const [one, other] =
    narrow(STORE, selectIn(STORE, { ...ALL, experiments: ["churn"] })).experiments;
  assertEquals([one, other], [CHURN, undefined]);
  const ofRun = narrow(STORE, selectIn(STORE, { ...ALL, runs: [runId(1)] }));
  assertEquals(ofRun.orphans, []);
  assertEquals(
    ofRun.experiments.map(({ name, runs, loggedModels, damagedRuns, usage }) => ({
      ...{ name, damagedRuns, usage },
      runs: runs.map(({ id }) => id),
      models: loggedModels.map(({ id }) => id),
    })),
    [{
      name: "churn",
      runs: [FIRST.id],
      models: ["m-1"],
      damagedRuns: [],
      usage: { bytes: 24_576 + 40_960, files: 3 + 2 },
    }],
  );
});

Deno.test("experimentMatcher() looks at names and at ids", () => {
  const fits = experimentMatcher(["churn-*", "7"]);
  assertEquals(
    [{ id: "1", name: "churn-base" }, { id: "7", name: "x" }, { id: "8", name: "churn" }].map(fits),
    [true, true, false],
  );
});
