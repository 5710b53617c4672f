import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { StoreSnapshot } from "../../lib/model.ts";
import { planCleanup } from "../../lib/plan_cleanup.ts";
import { RULES } from "../../lib/verify_rules.ts";
import { verifySnapshot } from "../../lib/verify_snapshot.ts";
import { snapshotArbitrary } from "../_support/arbitraries.ts";
import {
  damagedRun,
  DAY,
  deletedRun,
  experiment,
  loggedModel,
  modelVersion,
  NOW,
  orphan,
  problem,
  registeredModel,
  run,
  runId,
  snapshot,
  stray,
} from "../_support/builders.ts";
import { deepFreeze } from "../_support/deep_freeze.ts";

const verify = (store: StoreSnapshot) => verifySnapshot(deepFreeze(store));

/** Findings without their words: severity, rule, path, experiment, run. */
function brief(store: StoreSnapshot): readonly string[] {
  return verify(store).map(({ severity, rule, path, experimentId, runId }) =>
    [severity, rule, path, experimentId ?? "-", runId ?? "-"].join(" ")
  );
}

const RUN = runId(1);

/** For each rule a store that breaks it, and what is found. */
const CASES: Readonly<Record<string, readonly (readonly [StoreSnapshot, readonly string[]])[]>> = {
  "experiment-meta-missing": [
    [
      snapshot({ orphans: [orphan({ id: "7" })] }),
      ["warning experiment-meta-missing 7 7 -"],
    ],
    [
      snapshot({ orphans: [orphan({ id: "7", lifecycleStage: "deleted" })] }),
      ["warning experiment-meta-missing .trash/7 7 -"],
    ],
  ],
  "experiment-meta-empty": [[
    snapshot({ orphans: [orphan({ id: "7", damage: "empty" })] }),
    ["error experiment-meta-empty 7 7 -"],
  ]],
  "experiment-meta-unreadable": [[
    snapshot({ orphans: [orphan({ id: "7", damage: "unreadable" })] }),
    ["error experiment-meta-unreadable 7 7 -"],
  ]],
  "experiment-meta-incomplete": [[
    snapshot({ orphans: [orphan({ id: "7", damage: "incomplete" })] }),
    ["error experiment-meta-incomplete 7 7 -"],
  ]],
  "experiment-meta-inaccessible": [[
    snapshot({ orphans: [orphan({ id: "7", damage: "io" })] }),
    ["error experiment-meta-inaccessible 7 7 -"],
  ]],
  "experiment-id-mismatch": [[
    snapshot({
      orphans: [
        orphan({
          id: "copy",
          damage: "id-mismatch",
          damagedRuns: [damagedRun({ damage: "id-mismatch" })],
        }),
      ],
    }),
    ["warning experiment-id-mismatch copy copy -"],
  ]],
  "run-in-two-places": [
    [
      snapshot({
        experiments: [experiment({ id: "1", runs: [run(), run({ id: runId(2) })] })],
        orphans: [orphan({ id: "7", runs: [run()], damagedRuns: [damagedRun({ id: "new" })] })],
      }),
      [
        "error run-in-two-places 7 7 -",
        "warning experiment-meta-missing 7 7 -",
        "warning run-meta-missing 7/new 7 new",
      ],
    ],
  ],
  "run-meta-missing": [
    [
      snapshot({ experiments: [experiment({ damagedRuns: [damagedRun()] })] }),
      [`warning run-meta-missing 1/${RUN} 1 ${RUN}`],
    ],
    [
      snapshot({
        experiments: [experiment({ lifecycleStage: "deleted", damagedRuns: [damagedRun()] })],
      }),
      [`warning run-meta-missing .trash/1/${RUN} 1 ${RUN}`],
    ],
  ],
  "run-meta-empty": [[
    snapshot({ experiments: [experiment({ damagedRuns: [damagedRun({ damage: "empty" })] })] }),
    [`error run-meta-empty 1/${RUN} 1 ${RUN}`],
  ]],
  "run-meta-unreadable": [[
    snapshot({
      experiments: [experiment({ damagedRuns: [damagedRun({ damage: "unreadable" })] })],
    }),
    [`error run-meta-unreadable 1/${RUN} 1 ${RUN}`],
  ]],
  "run-meta-incomplete": [[
    snapshot({
      experiments: [experiment({ damagedRuns: [damagedRun({ damage: "incomplete" })] })],
    }),
    [`error run-meta-incomplete 1/${RUN} 1 ${RUN}`],
  ]],
  "run-meta-inaccessible": [[
    snapshot({ experiments: [experiment({ damagedRuns: [damagedRun({ damage: "io" })] })] }),
    [`error run-meta-inaccessible 1/${RUN} 1 ${RUN}`],
  ]],
  "run-id-mismatch": [
    [
      snapshot({
        experiments: [experiment({ damagedRuns: [damagedRun({ damage: "id-mismatch" })] })],
      }),
      [`error run-id-mismatch 1/${RUN} 1 ${RUN}`],
    ],
    [
      snapshot({
        orphans: [orphan({ id: "7", damagedRuns: [damagedRun({ damage: "id-mismatch" })] })],
      }),
      [`error run-id-mismatch 7/${RUN} 7 ${RUN}`, "warning experiment-meta-missing 7 7 -"],
    ],
  ],
  "tags-unreadable": [
    [
      snapshot({ problems: [problem({ path: `.trash/1/${RUN}/tags/a/b` })] }),
      [`error tags-unreadable .trash/1/${RUN}/tags/a/b 1 ${RUN}`],
    ],
    [
      snapshot({ problems: [problem({ path: "1/tags/note" })] }),
      ["error tags-unreadable 1/tags/note 1 -"],
    ],
  ],
  "logged-model-meta-missing": [[
    snapshot({
      problems: [problem({ path: "1/models/m-1", subject: "logged-model", damage: "missing" })],
    }),
    ["warning logged-model-meta-missing 1/models/m-1 1 -"],
  ]],
  "logged-model-meta-damaged": [[
    snapshot({
      problems: (["empty", "unreadable", "incomplete", "io"] as const).map((damage) =>
        problem({ path: `1/models/m-${damage}`, subject: "logged-model", damage })
      ),
    }),
    ["empty", "incomplete", "io", "unreadable"].map((damage) =>
      `error logged-model-meta-damaged 1/models/m-${damage} 1 -`
    ),
  ]],
  "registry-unreadable": [[
    snapshot({
      problems: [problem({ path: "models/m/version-1", subject: "registry", damage: "missing" })],
    }),
    ["error registry-unreadable models/m/version-1 - -"],
  ]],
  "directory-unreadable": [[
    snapshot({ problems: [problem({ path: "1", subject: "directory", damage: "io" })] }),
    ["error directory-unreadable 1 - -"],
  ]],
  "duplicate-experiment-name": [[
    snapshot({
      experiments: [
        experiment({ id: "2", name: "same" }),
        experiment({ id: "3", name: "same", lifecycleStage: "deleted" }),
        experiment({ id: "4", name: "other" }),
      ],
    }),
    ["warning duplicate-experiment-name 2 2 -"],
  ]],
  "stage-disagrees-with-location": [[
    snapshot({ experiments: [experiment({ recordedStage: "deleted" })] }),
    ["warning stage-disagrees-with-location 1 1 -"],
  ]],
  "deletion-not-recorded": [[
    snapshot({ experiments: [experiment({ lifecycleStage: "deleted", recordedStage: "active" })] }),
    ["info deletion-not-recorded .trash/1 1 -"],
  ]],
  "active-runs-in-deleted-experiment": [[
    snapshot({
      experiments: [
        experiment({ lifecycleStage: "deleted", runs: [run(), deletedRun({ id: runId(2) })] }),
      ],
    }),
    ["info active-runs-in-deleted-experiment .trash/1 1 -"],
  ]],
  "backup-directory": [[
    snapshot({ strays: [stray({ path: "backups", kind: "backup-directory" })] }),
    ["warning backup-directory backups - -"],
  ]],
  "unlistable-directory": [[
    snapshot({
      strays: [
        stray({ path: ".backups", kind: "backup-directory" }),
        stray({ path: ".trash/lost+found", kind: "unlistable-directory" }),
      ],
    }),
    [
      "error unlistable-directory .backups - -",
      "error unlistable-directory .trash/lost+found - -",
    ],
  ]],
  "duplicate-link": [[
    snapshot({ strays: [stray({ path: "again", kind: "duplicate-link" })] }),
    ["warning duplicate-link again - -"],
  ]],
  "broken-link": [[
    snapshot({ strays: [stray({ path: "nowhere", kind: "broken-link" })] }),
    ["info broken-link nowhere - -"],
  ]],
  "missing-trash-directory": [[
    snapshot({ hasTrash: false }),
    ["warning missing-trash-directory .trash - -"],
  ]],
};

for (const [rule, cases] of Object.entries(CASES)) {
  Deno.test(`verifySnapshot() reports ${rule}`, () => {
    for (const [store, expected] of cases) assertEquals(brief(store), expected);
  });
}

Deno.test("verifySnapshot() has a case for each rule, and each rule its own id", () => {
  assertEquals(RULES.map((rule) => rule.id).toSorted(), Object.keys(CASES).toSorted());
});

Deno.test("verifySnapshot() finds nothing in a healthy store", () => {
  const store = snapshot({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({
        runs: [run(), deletedRun({ id: runId(2) })],
        loggedModels: [loggedModel({ sourceRunId: RUN })],
      }),
      experiment({ id: "2", lifecycleStage: "deleted", runs: [deletedRun({ id: runId(3) })] }),
    ],
    registeredModels: [registeredModel({ versions: [modelVersion({ runId: RUN })] })],
    strays: [stray(), stray({ path: "old.trash", kind: "ignored-directory" })],
  });
  assertEquals(verify(store), []);
});

Deno.test("verifySnapshot() says what is wrong, what MLflow makes of it and what to do", () => {
  const store = snapshot({
    orphans: [orphan({ id: "7", damage: "unreadable" })],
    problems: [
      problem({
        path: "7",
        subject: "experiment",
        message: "meta.yaml is not YAML",
        line: 3,
        column: 5,
      }),
    ],
  });
  assertEquals(verify(store), [{
    rule: "experiment-meta-unreadable",
    severity: "error",
    path: store.orphans[0]!.path,
    experimentId: "7",
    runId: null,
    message: "meta.yaml is not YAML (line 3, column 5); MLflow lists no experiment at all",
    remedy:
      "Run `deno task cleanup` to plan its quarantine, or restore its meta.yaml from a backup",
  }]);
});

Deno.test("verifySnapshot() sends an orphan with readable runs to its backup", () => {
  const [finding] = verify(snapshot({ orphans: [orphan({ runs: [run()] })] }));
  assertEquals(
    finding!.remedy,
    "Restore its meta.yaml from a backup: it holds 1 readable run",
  );
});

Deno.test("verifySnapshot() names the clean-up exactly where it quarantines", () => {
  const policy = { olderThan: null, purgeAfter: null, quarantineOrphans: true, settle: 0 };
  const stores = snapshotArbitrary({ now: NOW }).map((store) => ({
    ...store,
    registeredModels: [],
  }));
  fc.assert(fc.property(stores, (store) => {
    const advised = verify(store)
      .filter(({ remedy }) => remedy?.includes("deno task cleanup"))
      .map(({ path }) => path);
    const planned = planCleanup(store, policy, { now: NOW }).actions.map(({ path }) => path);
    assertEquals(advised.toSorted(), planned.toSorted());
  }));
});

Deno.test("verifySnapshot() orders by severity, rule and path, each finding once", () => {
  const severities = ["error", "warning", "info"];
  fc.assert(fc.property(snapshotArbitrary({ now: NOW }), (store) => {
    const keys = verify(store).map(({ severity, rule, path }) =>
      `${severities.indexOf(severity)}\0${rule}\0${path}`
    );
    assertEquals(keys, [...new Set(keys)].toSorted());
  }));
});

Deno.test("verifySnapshot() writes messages of one line, without a full stop", () => {
  fc.assert(fc.property(snapshotArbitrary({ now: NOW + DAY }), (store) => {
    for (const { message, remedy } of verify(store)) {
      for (const text of [message, remedy ?? message]) assert(/^[^\n]*[^\n.]$/.test(text), text);
    }
  }));
});
