import { assertEquals } from "@std/assert";
import { judgeSnapshot } from "../../../lib/judge/judge_snapshot.ts";
import type { KeepReason } from "../../../lib/plan/plan.ts";
import { asRunId, asStorePath } from "../../../lib/store/path.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import type { Experiment, Run } from "../../../lib/store/snapshot.ts";
import {
  damagedRun,
  DAY,
  experiment,
  HOUR,
  loggedModel,
  NOW,
  orphan,
  problem,
  run,
  runId,
  snapshot,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import {
  A,
  B,
  C,
  childOf,
  GONE,
  gone,
  goneExperiment,
  holds,
  holdsModel,
  inDeleted,
  inOrphan,
  JUST_DELETED,
  justDeleted,
  OLD,
  old,
  ORPHAN,
  parentOf,
  type Reason,
  registered,
  verdictsOf,
  version,
  YOUNG,
  young,
} from "../../_support/verdicts.ts";

Deno.test("judgeSnapshot() judges everything by itself where nothing needs another", () => {
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({ runs: [old(A), young(B), gone(C)] }),
        goneExperiment({ runs: [run()] }),
      ],
      orphans: [orphan({ id: "8" })],
    }),
    {
      [`1/${A}`]: [OLD],
      [`1/${B}`]: [YOUNG],
      [`1/${C}`]: [GONE],
      [`.trash/7/${runId(1)}`]: [inDeleted("7")],
      ".trash/7": [GONE],
      "8": [ORPHAN],
    },
  );
});

Deno.test("judgeSnapshot() keeps a registered run, old or deleted long ago, with every version", () => {
  assertEquals(
    verdictsOf({
      experiments: [experiment({ runs: [old(A), gone(B), young(C)] })],
      registeredModels: [
        version({ runId: A }),
        version({ source: `runs:/${A}/model` }, "copy"),
        version({ runId: B }, "other"),
        version({ runId: C }, "third"),
      ],
    }),
    {
      [`1/${A}`]: [registered(), registered("copy")],
      [`1/${B}`]: [registered("other")],
      [`1/${C}`]: [YOUNG, registered("third")],
    },
  );
});

Deno.test("judgeSnapshot() does not keep a run for a deleted version", () => {
  assertEquals(
    verdictsOf({
      experiments: [experiment({ runs: [old(A)] })],
      registeredModels: [version({ runId: A, stage: "Deleted_Internal" })],
    }),
    { [`1/${A}`]: [OLD] },
  );
});

Deno.test("judgeSnapshot() keeps a deleted experiment that holds a registered run or model", () => {
  const models = [loggedModel({ id: "m-1" })];
  assertEquals(
    verdictsOf({
      experiments: [
        goneExperiment({ runs: [run({ id: A }), run({ id: B })] }),
        goneExperiment({ id: "8", loggedModels: models }),
      ],
      registeredModels: [version({ runId: A }), version({ source: "models:/m-1" }, "logged")],
    }),
    {
      [`.trash/7/${A}`]: [inDeleted("7"), registered()],
      [`.trash/7/${B}`]: [inDeleted("7")],
      ".trash/7": [holds(A)],
      ".trash/8": [holdsModel("logged")],
    },
  );
});

Deno.test("judgeSnapshot() names the first registered model that something holds", () => {
  const loggedModels = ["m-2", "m-1"].map((id) => loggedModel({ id }));
  assertEquals(
    verdictsOf({
      experiments: [goneExperiment({ loggedModels })],
      registeredModels: [version({ modelId: "m-2" }), version({ modelId: "m-1" }, "first")],
    }),
    { ".trash/7": [holdsModel("first")] },
  );
});

/** Stays since something that cannot be read may refer to it. */
function unread(path: string, message = "torn"): KeepReason {
  return {
    kind: "unreadable",
    path: asStorePath(path),
    message: `${path} cannot be read and may refer to it (${message})`,
  };
}

const HOLDS_ONE_MODEL = { kind: "holds-lost-data", runs: 0, loggedModels: 1, traces: 0 } as const;

Deno.test("judgeSnapshot() keeps an orphan that holds what is registered, damaged or not", () => {
  assertEquals(
    verdictsOf({
      orphans: [
        orphan({ id: "2", damagedRuns: [damagedRun({ id: A })] }),
        orphan({ id: "3", loggedModels: [loggedModel({ id: "m-3" })] }),
        orphan({ id: "4" }),
        orphan({ id: "5", damagedRuns: [damagedRun({ id: B })] }),
      ],
      registeredModels: [
        version({ source: `file:///data/mlruns/2/${A}/artifacts/model` }),
        version({ source: "models:/m-3" }),
        version({ source: "file:///data/mlruns/4/models/m-4/artifacts" }),
      ],
      problems: [problem({ path: "4/models/m-4", subject: "logged-model", damage: "missing" })],
    }),
    {
      "2": [holdsModel()],
      "3": [HOLDS_ONE_MODEL],
      "4": [holdsModel()],
      "5": [unread("4/models/m-4", "the file is not UTF-8 text")],
    },
  );
});

Deno.test("judgeSnapshot() keeps everything while a version cannot be read: it may refer to it", () => {
  const store = (path: string, subject: "registry" | "directory") =>
    verdictsOf({
      experiments: [experiment({ runs: [old(A), gone(B), young(C)] }), goneExperiment()],
      orphans: [orphan({ id: "8" })],
      problems: [problem({ path, subject, message: "torn" })],
    });
  for (
    const [path, subject] of [
      ["models/churn/version-3", "registry"],
      ["models/churn", "directory"],
      ["models", "directory"],
    ] as const
  ) {
    const message = `${path} cannot be read and may refer to it (torn)`;
    const hidden: Reason = { kind: "unreadable", path: problem({ path }).path, message };
    assertEquals(store(path, subject), {
      [`1/${A}`]: [hidden],
      [`1/${B}`]: [hidden],
      [`1/${C}`]: [YOUNG],
      ".trash/7": [hidden],
      "8": [hidden],
    });
  }
});

Deno.test("judgeSnapshot() goes on where only a model's own meta.yaml or an alias is unreadable", () => {
  for (const path of ["models/churn", "models/churn/aliases/best"]) {
    assertEquals(
      verdictsOf({
        experiments: [experiment({ runs: [old(A)] })],
        problems: [problem({ path, subject: "registry" })],
      }),
      { [`1/${A}`]: [OLD] },
    );
  }
});

Deno.test("judgeSnapshot() keeps what an unreadable trace or input may refer to", () => {
  const [trace, input] = ["1/traces/tr-1/assessments/a-1.yaml", `2/${B}/inputs/x/meta.yaml`];
  const store = (...problems: readonly Problem[]) =>
    verdictsOf({
      experiments: [
        experiment({ id: "1", runs: [old(A)] }),
        experiment({ id: "2", runs: [old(C)] }),
      ],
      problems,
    });
  const torn = (path: string, subject: Problem["subject"]) =>
    problem({ path, subject, message: "torn" });
  assertEquals(store(torn(trace, "assessment")), {
    [`1/${A}`]: [unread(trace)],
    [`2/${C}`]: [unread(trace)],
  });
  assertEquals(store(torn(input, "input")), {
    [`1/${A}`]: [unread(input)],
    [`2/${C}`]: [unread(input)],
  });
});

Deno.test("judgeSnapshot() keeps all that a parent's name may mean where it cannot be read, or is no whole id", () => {
  const tags = `1/${A}/tags`;
  const store = (parent: string, ...problems: readonly Problem[]) =>
    verdictsOf({
      experiments: [
        experiment({ id: "1", runs: [young(A, { tags: { "mlflow.parentRunId": parent } })] }),
        experiment({ id: "2", runs: [old(C)] }),
      ],
      ...(problems.length === 0 ? {} : { problems }),
    })[`2/${C}`];
  const names = `${tags}/mlflow.parentRunId`;
  for (const path of [tags, names, `${names}/x`]) {
    assertEquals(store(B, problem({ path, message: "torn" })), [unread(path)]);
  }
  for (const cut of ["", C.slice(0, -1), "no id"]) {
    assertEquals(store(cut), [unread(names, "it names no run, and is no whole id")]);
  }
  assertEquals(store(B), [OLD], "a whole id names a run that is nowhere");
  assertEquals(store(B, problem({ path: `${tags}/note`, message: "torn" })), [OLD]);
});

Deno.test("judgeSnapshot() keeps what a damaged run needs, by its tags, its inputs and its record", () => {
  const needs = (damaged: Parameters<typeof damagedRun>[0], ...more: readonly Experiment[]) =>
    verdictsOf({
      experiments: [
        experiment({
          id: "1",
          damagedRuns: [damagedRun({ id: A, damage: "incomplete", ...damaged })],
        }),
        experiment({
          id: "2",
          runs: [old(C)],
          loggedModels: [loggedModel({ id: "m-1", sourceRunId: C })],
        }),
        ...more,
      ],
    });
  const tags = new Map([["mlflow.parentRunId", C]]);
  assertEquals(needs({})[`2/${C}`], [OLD]);
  assertEquals(needs({ tags })[`2/${C}`], [{ kind: "parent-of-kept", child: asRunId(A) }]);
  assertEquals(needs({ inputs: ["m-1"] })[`2/${C}`], [
    { kind: "input-of-kept", run: asRunId(A), model: "m-1" },
  ]);
  const inTrash = goneExperiment({ id: "7" });
  assertEquals(needs({}, inTrash)[".trash/7"], [GONE]);
  const artifactUri = `file:///data/mlruns/.trash/7/${A}/artifacts`;
  assertEquals(needs({ artifactUri }, inTrash)[".trash/7"], [holds(A)]);
});

Deno.test("judgeSnapshot() keeps all runs while nobody can tell what made a logged model in use", () => {
  const path = "2/models/m-1";
  const store = (inputs: readonly string[], subject: Problem["subject"], at = path) =>
    verdictsOf({
      experiments: [
        experiment({ id: "1", damagedRuns: [damagedRun({ id: A, inputs })] }),
        experiment({ id: "2", runs: [old(C)] }),
      ],
      problems: [problem({ path: at, subject, message: "torn" })],
    })[`2/${C}`];
  assertEquals(store(["m-1"], "logged-model"), [unread(path)]);
  assertEquals(store(["m-1"], "directory", "2/models"), [unread("2/models")]);
  assertEquals(store([], "logged-model"), [OLD], "in nobody's use");
});

Deno.test("judgeSnapshot() keeps all runs of an experiment whose record may be cut off", () => {
  const store = (path: string, subject: Problem["subject"]) =>
    verdictsOf({
      experiments: [
        experiment({ id: "1", runs: [old(A), old(B)] }),
        experiment({ id: "2", runs: [old(C)] }),
      ],
      problems: [problem({ path, subject, damage: "cut-off", message: "torn" })],
    });
  const torn = (path: string): KeepReason => ({
    kind: "unreadable",
    path: asStorePath(path),
    message: "torn",
  });
  assertEquals(store("1", "experiment"), {
    [`1/${A}`]: [torn("1")],
    [`1/${B}`]: [torn("1")],
    [`2/${C}`]: [OLD],
  });
  assertEquals(store(`1/${A}`, "run"), {
    [`1/${A}`]: [torn(`1/${A}`)],
    [`1/${B}`]: [OLD],
    [`2/${C}`]: [OLD],
  });
});

Deno.test("judgeSnapshot() keeps a run whose tags cannot be read: it may be anyone's child", () => {
  // The names of both directories are as misleading as MLflow allows.
  const path = "1/tags-of-mine/tags/deep/note";
  assertEquals(
    verdictsOf({
      experiments: [experiment({ runs: [old("tags-of-mine"), old(B)] })],
      problems: [problem({ path, message: "not UTF-8" })],
    }),
    {
      "1/tags-of-mine": [{
        kind: "unreadable",
        path: problem({ path }).path,
        message: "not UTF-8",
      }],
      [`1/${B}`]: [OLD],
    },
  );
});

Deno.test("judgeSnapshot() names the first of several things that cannot be read", () => {
  const [first, second, third] = ["a", "b", "c"].map((key) =>
    problem({ path: `1/${A}/tags/${key}`, message: key })
  );
  assertEquals(
    verdictsOf({
      experiments: [experiment({ runs: [old(A)] })],
      problems: [second!, first!, third!],
    }),
    { [`1/${A}`]: [{ kind: "unreadable", path: first!.path, message: "a" }] },
  );
});

Deno.test("judgeSnapshot() keeps a deleted experiment in which anything cannot be read", () => {
  const paths = [".trash/tags-1/r/tags/note", ".trash/7/models/m-1", ".trash/8/traces"];
  const [inRun, inModel, inTraces] = paths.map((path) =>
    [{ kind: "unreadable", path: problem({ path }).path, message: "torn" } as const] as const
  );
  assertEquals(
    verdictsOf({
      experiments: [
        goneExperiment({ id: "tags-1", runs: [run({ id: "r" })] }),
        goneExperiment(),
        goneExperiment({ id: "8" }),
        goneExperiment({ id: "77" }),
      ],
      problems: paths.map((path, number) =>
        problem({
          path,
          message: "torn",
          subject: (["tags", "logged-model", "directory"] as const)[number]!,
        })
      ),
    }),
    {
      ".trash/tags-1/r": [inDeleted("tags-1")],
      ".trash/tags-1": inRun!,
      ".trash/7": inModel!,
      ".trash/8": inTraces!,
      ".trash/77": [GONE],
    },
  );
});

Deno.test("judgeSnapshot() keeps a deleted experiment in which a run runs, or lies behind a link", () => {
  assertEquals(
    verdictsOf({
      experiments: [
        goneExperiment({ runs: [run({ id: A, status: "RUNNING", endTime: null })] }),
        goneExperiment({ id: "8", runs: [run({ id: B, link: true })] }),
      ],
    }),
    {
      [`.trash/7/${A}`]: [inDeleted("7"), { kind: "not-finished", status: "RUNNING" }],
      ".trash/7": [holds(A)],
      [`.trash/8/${B}`]: [inDeleted("8"), { kind: "symbolic-link" }],
      ".trash/8": [holds(B)],
    },
  );
});

Deno.test("judgeSnapshot() keeps the parent of a kept child, across experiments and generations", () => {
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({ runs: [old(A)] }),
        experiment({ id: "2", runs: [old(B, childOf(A))] }),
        experiment({ id: "3", runs: [young(C, childOf(B))] }),
      ],
    }),
    { [`1/${A}`]: [parentOf(B)], [`2/${B}`]: [parentOf(C)], [`3/${C}`]: [YOUNG] },
  );
});

Deno.test("judgeSnapshot() lets a whole family go, and runs that name each other or themselves", () => {
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({ runs: [old(A), old(B, childOf(A))] }),
        experiment({
          id: "2",
          runs: [old(runId(1), childOf(runId(2))), old(runId(2), childOf(runId(1)))],
        }),
        experiment({ id: "3", runs: [old(C, childOf(C))] }),
      ],
    }),
    {
      [`1/${A}`]: [OLD],
      [`1/${B}`]: [OLD],
      [`2/${runId(1)}`]: [OLD],
      [`2/${runId(2)}`]: [OLD],
      [`3/${C}`]: [OLD],
    },
  );
});

Deno.test("judgeSnapshot() keeps a whole circle of parents for one that stays", () => {
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({ runs: [old(A, childOf(C)), old(B, childOf(A)), young(C, childOf(B))] }),
      ],
    }),
    { [`1/${A}`]: [parentOf(B)], [`1/${B}`]: [parentOf(C)], [`1/${C}`]: [YOUNG] },
  );
});

Deno.test("judgeSnapshot() keeps the parent of a registered or running child", () => {
  const running = young(C, { status: "RUNNING", endTime: null, ...childOf(B) });
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({ runs: [old(A), old(B), running, old(runId(1), childOf(A))] }),
      ],
      registeredModels: [version({ runId: runId(1) })],
    }),
    {
      [`1/${A}`]: [parentOf(runId(1))],
      [`1/${B}`]: [parentOf(C)],
      [`1/${C}`]: [{ kind: "not-finished", status: "RUNNING" }],
      [`1/${runId(1)}`]: [registered()],
    },
  );
});

Deno.test("judgeSnapshot() soft-deletes the parent of a deleted child, but does not purge it", () => {
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({
          runs: [old(A), gone(B), justDeleted(C, childOf(A)), justDeleted(runId(1), childOf(B))],
        }),
      ],
    }),
    {
      [`1/${A}`]: [OLD],
      [`1/${B}`]: [parentOf(runId(1))],
      [`1/${C}`]: [JUST_DELETED],
      [`1/${runId(1)}`]: [JUST_DELETED],
    },
  );
});

Deno.test("judgeSnapshot() does not purge the parent of a child that is only soft-deleted now", () => {
  assertEquals(
    verdictsOf({ experiments: [experiment({ runs: [gone(A), old(B, childOf(A))] })] }),
    { [`1/${A}`]: [parentOf(B)], [`1/${B}`]: [OLD] },
  );
});

Deno.test("judgeSnapshot() keeps a deleted experiment for the parent in it, and the parents of its runs", () => {
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({ runs: [young(C, childOf(B)), gone(runId(1))] }),
        goneExperiment({ runs: [run({ id: B }), run({ id: A, ...childOf(runId(1)) })] }),
      ],
    }),
    {
      [`1/${C}`]: [YOUNG],
      [`1/${runId(1)}`]: [parentOf(A)],
      [`.trash/7/${A}`]: [inDeleted("7")],
      [`.trash/7/${B}`]: [inDeleted("7"), parentOf(C)],
      ".trash/7": [holds(B)],
    },
  );
});

Deno.test("judgeSnapshot() purges a parent with the child that is purged with its experiment", () => {
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({ runs: [gone(A)] }),
        goneExperiment({ runs: [run({ id: B, ...childOf(A) })] }),
      ],
    }),
    { [`1/${A}`]: [GONE], [`.trash/7/${B}`]: [inDeleted("7")], ".trash/7": [GONE] },
  );
});

Deno.test("judgeSnapshot() keeps the parent of a run in a kept deleted experiment from being purged only", () => {
  const kept = goneExperiment({
    lastUpdateTime: NOW - HOUR,
    runs: [run({ id: C, ...childOf(A) }), run({ id: runId(1), ...childOf(B) })],
  });
  assertEquals(
    verdictsOf({ experiments: [experiment({ runs: [gone(A), old(B)] }), kept] }),
    {
      [`1/${A}`]: [parentOf(C)],
      [`1/${B}`]: [OLD],
      [`.trash/7/${C}`]: [inDeleted("7")],
      [`.trash/7/${runId(1)}`]: [inDeleted("7")],
      ".trash/7": [JUST_DELETED],
    },
  );
});

Deno.test("judgeSnapshot() keeps the parent of a run in an orphan, and every copy of a parent", () => {
  assertEquals(
    verdictsOf({
      experiments: [experiment({ runs: [old(A)] }), experiment({ id: "2", runs: [old(A)] })],
      orphans: [orphan({ id: "8", runs: [run({ id: B, ...childOf(A) })] })],
    }),
    {
      [`1/${A}`]: [parentOf(B)],
      [`2/${A}`]: [parentOf(B)],
      [`8/${B}`]: [inOrphan("8")],
      "8": [{ kind: "holds-readable-runs", runs: 1 }],
    },
  );
});

Deno.test("judgeSnapshot() does not purge a run whose copy in a deleted experiment MLflow would find", () => {
  const copied = experiment({ runs: [gone(A), gone(B)] });
  const copy = asStorePath(`.trash/7/${A}`);
  assertEquals(
    verdictsOf({
      experiments: [copied, goneExperiment({ lastUpdateTime: NOW - HOUR, runs: [run({ id: A })] })],
      orphans: [orphan({ id: "8", runs: [run({ id: B })] })],
    }),
    {
      [`1/${A}`]: [{ kind: "hides-copy", copy }],
      [`1/${B}`]: [GONE],
      [copy]: [inDeleted("7")],
      ".trash/7": [JUST_DELETED],
      [`8/${B}`]: [inOrphan("8")],
      "8": [{ kind: "holds-readable-runs", runs: 1 }],
    },
  );
  assertEquals(
    verdictsOf({ experiments: [copied, goneExperiment({ runs: [run({ id: A })] })] }),
    {
      [`1/${A}`]: [GONE],
      [`1/${B}`]: [GONE],
      [copy]: [inDeleted("7")],
      ".trash/7": [GONE],
    },
  );
});

Deno.test("judgeSnapshot() tells an experiment from its namesake in .trash/", () => {
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({ id: "7", runs: [old(A)] }),
        goneExperiment({ runs: [run({ id: A })] }),
      ],
      orphans: [
        orphan({ id: "8" }),
        orphan({ id: "8", lifecycleStage: "deleted", newestChange: NOW }),
      ],
    }),
    {
      [`7/${A}`]: [OLD],
      [`.trash/7/${A}`]: [inDeleted("7")],
      ".trash/7": [GONE],
      "8": [ORPHAN],
      ".trash/8": [{ kind: "changed-recently", age: 0, limit: DAY }],
    },
  );
});

Deno.test("judgeSnapshot() keeps a directory of the root that is an artifact_location", () => {
  // MLflow writes the artifacts of such an experiment's runs to <root>/artifacts/<run>/artifacts.
  const artifacts = orphan({
    id: "artifacts",
    damagedRuns: [A, B].map((id) => damagedRun({ id })),
  });
  const writing = (artifactUri: string) =>
    verdictsOf({
      experiments: [experiment({ runs: [young(A, { artifactUri })] })],
      orphans: [artifacts],
    });
  for (
    const root of [
      "file:///data/mlruns",
      "/data/mlruns",
      "./mlruns",
      "/home/kim/old%20place",
      "mlflow-artifacts:",
    ]
  ) {
    assertEquals(writing(`${root}/artifacts/${A}/artifacts`), {
      [`1/${A}`]: [YOUNG],
      artifacts: [holds(A)],
    });
  }
  for (const root of ["file:///data/mlruns/1", "file:///data/mlruns/1/artifacts", "s3://bucket"]) {
    assertEquals(writing(`${root}/${A}/artifacts`).artifacts, [ORPHAN], root);
  }
});

Deno.test("judgeSnapshot() keeps a run and an experiment in which a kept run's artifacts lie", () => {
  const inside = (path: string) => ({
    artifactUri: `file:///data/mlruns/${path}/artifacts/resumed`,
  });
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({
          runs: [
            gone(A),
            young(B, inside(`1/${A}`)),
            young(C, inside(`.trash/7/${runId(1)}`)),
            old(runId(2), inside(`1/${runId(3)}`)),
            gone(runId(3)),
            gone(runId(4), inside(`1/${runId(5)}`)),
            gone(runId(5)),
          ],
        }),
        goneExperiment({ runs: [run({ id: runId(1) })] }),
      ],
    }),
    {
      [`1/${A}`]: [holds(B)],
      [`1/${B}`]: [YOUNG],
      [`1/${C}`]: [YOUNG],
      [`1/${runId(2)}`]: [OLD],
      [`1/${runId(3)}`]: [holds(runId(2))],
      [`1/${runId(4)}`]: [GONE],
      [`1/${runId(5)}`]: [GONE],
      [`.trash/7/${runId(1)}`]: [inDeleted("7")],
      ".trash/7": [holds(C)],
    },
  );
});

Deno.test("judgeSnapshot() keeps what is needed by what is kept for its directory", () => {
  const inside = (path: string) => ({ artifactUri: `file:///data/mlruns/${path}/artifacts/more` });
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({
          id: "1",
          runs: [young(A, inside(`1/${C}`)), gone(B), gone(C, childOf(B)), gone(runId(1))],
        }),
        experiment({ id: "0", runs: [young(runId(2), inside(`.trash/7/${runId(3)}`))] }),
        goneExperiment({ runs: [run({ id: runId(3), ...childOf(runId(1)) })] }),
      ],
    }),
    {
      [`0/${runId(2)}`]: [YOUNG],
      [`1/${A}`]: [YOUNG],
      [`1/${B}`]: [parentOf(C)],
      [`1/${C}`]: [holds(A)],
      [`1/${runId(1)}`]: [parentOf(runId(3))],
      [`.trash/7/${runId(3)}`]: [inDeleted("7")],
      ".trash/7": [holds(runId(2))],
    },
  );
});

Deno.test("judgeSnapshot() keeps a deleted experiment of any size for a parent in it", () => {
  // More than a call can have arguments.
  const one = run({ id: A, experimentId: "7" });
  const runs = Array.from({ length: 130_000 }, (_, index): Run => {
    const id = asRunId(runId(index + 10));
    return { ...one, id, path: asStorePath(`.trash/7/${id}`) };
  });
  const deleted = { ...goneExperiment(), runs };
  const child = young(B, childOf(runId(10)));
  const { verdict } = judgeSnapshot(
    deepFreeze(snapshot({ experiments: [experiment({ runs: [child] }), deleted] })),
    { olderThan: null, purgeAfter: 0, quarantineOrphans: false, settle: 0 },
    NOW,
  ).experiments[0]!;
  assertEquals(verdict, { goes: false, reasons: [holds(runId(10))] });
});
