import { assert, assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { remedyText } from "../../../lib/render/commands.ts";
import { asStorePath, experimentPathOf } from "../../../lib/store/path.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import type { Backend, StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { REPAIR, RULES } from "../../../lib/verify/rules.ts";
import {
  experimentIds,
  verifySnapshot,
  type VerifySnapshotOptions,
} from "../../../lib/verify/verify_snapshot.ts";
import { snapshotArbitrary } from "../../_support/arbitraries.ts";
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
  snapshot as bareSnapshot,
  type SnapshotInit,
  stray,
  withDefault,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const verify = (store: StoreSnapshot, options: VerifySnapshotOptions = {}) =>
  verifySnapshot(deepFreeze(store), options);

const QUARANTINE = { olderThan: null, purgeAfter: null, quarantineOrphans: true, settle: 0 };

/** Without a default experiment there would be one more finding in each. */
const snapshot = (init: SnapshotInit = {}) => bareSnapshot(withDefault(init));

/** Findings without their words: severity, rule, path, experiment, run. */
function brief(store: StoreSnapshot): readonly string[] {
  return verify(store).map(({ severity, rule, path, experimentId, runId }) =>
    [severity, rule, path, experimentId ?? "-", runId ?? "-"].join(" ")
  );
}

const RUN = runId(1);
const MODEL = registeredModel({ name: "m", versions: [modelVersion({ runId: null })] });
const RENAMED_VERSION = {
  ...MODEL,
  versions: MODEL.versions.map((each) => ({ ...each, version: "2" })),
};
const DELETED_DEFAULT = {
  id: "0",
  name: "Default",
  lifecycleStage: "deleted",
  recordedStage: "deleted",
} as const;

const DELETED = {
  ...experiment({ id: "1", lifecycleStage: "deleted", recordedStage: "deleted" }),
  path: asStorePath("1"),
};
const DATABASE = { subject: "database", message: "2 of its rows name none of runs" } as const;
const POINTS = {
  bytes: 100e6,
  share: 0.5,
  most: { path: asStorePath(`1/${runId(1)}`), points: 7 },
};

/** A store that is a database, at the schema of MLflow 3.17. */
function database(init: SnapshotInit, backend: Partial<Backend> = {}): StoreSnapshot {
  return bareSnapshot({
    ...withDefault(init),
    backend: { artifactRoot: null, revision: "dc11669786a5", ...backend },
  });
}

function full(init: SnapshotInit): StoreSnapshot {
  return { ...database(init), depth: "full" };
}

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
    [
      snapshot({
        experiments: [
          experiment({ id: "1", runs: [run()] }),
          experiment({ id: "2", name: "other", damagedRuns: [damagedRun()] }),
        ],
        problems: [],
      }),
      ["error run-in-two-places 2 2 -"],
    ],
    [
      snapshot({
        problems: [problem({ path: "backups", subject: "directory", damage: "copied-outside" })],
      }),
      ["error run-in-two-places backups - -"],
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
      [
        `warning run-meta-missing .trash/1/${RUN} 1 ${RUN}`,
        "info experiment-name-held .trash/1 1 -",
      ],
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
    snapshot({
      problems: ["1/tags", "1", "1/traces", "2/tags"]
        .map((path) => problem({ path, subject: "directory", damage: "io" })),
    }),
    ["error directory-unreadable 1 - -", "error directory-unreadable 2/tags - -"],
  ], [
    // MLflow passes over the experiment, and raises once it looks for a run.
    snapshot({
      problems: (["experiment", "directory"] as const)
        .map((subject) => problem({ path: "1", subject, damage: "io" })),
    }),
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
    ["info deletion-not-recorded .trash/1 1 -", "info experiment-name-held .trash/1 1 -"],
  ]],
  "active-runs-in-deleted-experiment": [[
    snapshot({
      experiments: [
        experiment({ lifecycleStage: "deleted", runs: [run(), deletedRun({ id: runId(2) })] }),
      ],
    }),
    [
      "info active-runs-in-deleted-experiment .trash/1 1 -",
      "info experiment-name-held .trash/1 1 -",
    ],
  ]],
  "experiment-in-two-places": [[
    snapshot({
      experiments: [experiment({ id: "7" }), experiment({ id: "7", lifecycleStage: "deleted" })],
    }),
    ["warning experiment-in-two-places .trash/7 7 -"],
  ]],
  "experiment-stage-unknown": [[
    snapshot({ experiments: [experiment({ recordedStage: "archived" })] }),
    ["warning experiment-stage-unknown 1 1 -"],
  ]],
  "experiment-name-with-quote": [[
    snapshot({ experiments: [experiment({ name: "it's" })] }),
    ["warning experiment-name-with-quote 1 1 -"],
  ]],
  "store-below-artifacts": [[
    { ...snapshot(), location: "/data/artifacts/mlruns" },
    ["error store-below-artifacts .trash - -"],
  ]],
  "deleted-link": [[
    snapshot({ experiments: [experiment({ runs: [deletedRun({ link: true })] })] }),
    [`warning deleted-link 1/${RUN} 1 ${RUN}`],
  ]],
  "deleted-model-in-deleted-experiment": [[
    snapshot({
      experiments: [
        experiment({
          lifecycleStage: "deleted",
          loggedModels: [loggedModel({ lifecycleStage: "deleted" })],
        }),
      ],
    }),
    [
      `warning deleted-model-in-deleted-experiment .trash/1/models/m-${RUN} 1 -`,
      "info experiment-name-held .trash/1 1 -",
    ],
  ]],
  "parent-run-missing": [[
    snapshot({
      experiments: [experiment({ runs: [run({ tags: { "mlflow.parentRunId": runId(9) } })] })],
    }),
    [`warning parent-run-missing 1/${RUN} 1 ${RUN}`],
  ]],
  "logged-model-left-alone": [[
    snapshot({
      experiments: [experiment({ loggedModels: [loggedModel({ sourceRunId: runId(9) })] })],
    }),
    [`info logged-model-left-alone 1/models/m-${RUN} 1 -`],
  ]],
  "source-run-missing": [[
    snapshot({
      experiments: [
        experiment({
          id: "2",
          lifecycleStage: "deleted",
          loggedModels: [loggedModel({ sourceRunId: runId(9) })],
        }),
      ],
      references: [
        { path: asStorePath("1/traces/tr-1"), to: "run", id: runId(9) },
        { path: asStorePath("models/m/version-1"), to: "run", id: runId(9) },
      ],
    }),
    [
      "info experiment-name-held .trash/2 2 -",
      `info source-run-missing .trash/2/models/m-${RUN} 2 -`,
      "info source-run-missing 1/traces/tr-1 1 -",
      "info source-run-missing models/m/version-1 - -",
    ],
  ]],
  "logged-model-missing": [[
    snapshot({
      references: [{ path: asStorePath(`1/${RUN}/inputs/a`), to: "logged-model", id: "m-9" }],
    }),
    [`info logged-model-missing 1/${RUN}/inputs/a 1 ${RUN}`],
  ]],
  "alias-dangling": [[
    snapshot({
      registeredModels: [
        registeredModel({
          aliases: { gone: "9", deleted: "2", fine: "1" },
          versions: [modelVersion(), modelVersion({ version: "2", stage: "Deleted_Internal" })],
        }),
      ],
    }),
    [
      "warning alias-dangling models/model/aliases/deleted - -",
      "warning alias-dangling models/model/aliases/gone - -",
    ],
  ]],
  "metric-empty": [[
    snapshot({
      problems: [problem({ path: `1/${RUN}/metrics/a`, subject: "metric", damage: "empty" })],
    }),
    [`error metric-empty 1/${RUN}/metrics/a 1 ${RUN}`],
  ]],
  "backup-directory": [[
    snapshot({ strays: [stray({ path: "backups", kind: "backup-directory" })] }),
    ["warning backup-directory backups - -"],
  ]],
  "unlistable-directory": [[
    snapshot({
      strays: [
        stray({ path: ".backups", kind: "backup-directory" }),
        stray({ path: ".again", kind: "duplicate-link" }),
        stray({ path: ".trash/lost+found", kind: "unlistable-directory" }),
      ],
    }),
    [
      "error unlistable-directory .again - -",
      "error unlistable-directory .backups - -",
      "error unlistable-directory .trash/lost+found - -",
    ],
  ]],
  "foreign-directory": [[
    snapshot({ strays: [stray({ path: "plots", kind: "foreign-directory" })] }),
    ["warning foreign-directory plots - -"],
  ]],
  "experiment-directory-renamed": [[
    snapshot({ strays: [stray({ path: "7 copy", kind: "renamed-experiment" })] }),
    ["error experiment-directory-renamed 7 copy - -"],
  ]],
  "run-among-experiments": [[
    snapshot({ strays: [stray({ path: `.trash/${RUN}`, kind: "misplaced-run" })] }),
    [`error run-among-experiments .trash/${RUN} - -`],
  ]],
  "deleted-experiments-of-one-name": [[
    snapshot({
      experiments: ["2", "3"].map((id) =>
        experiment({ id, name: "same", lifecycleStage: "deleted", recordedStage: "deleted" })
      ),
    }),
    [
      "warning deleted-experiments-of-one-name .trash/2 2 -",
      "info experiment-name-held .trash/2 2 -",
      "info experiment-name-held .trash/3 3 -",
    ],
  ]],
  "nested-store": [[
    snapshot({ strays: [stray({ path: "mlruns", kind: "nested-store" })] }),
    ["warning nested-store mlruns - -"],
  ]],
  "store-in-working-directory": [[
    snapshot({ strays: [stray({ path: "train.py" }), stray({ path: "notes.txt" })] }),
    ["info store-in-working-directory train.py - -"],
  ]],
  "duplicate-link": [[
    snapshot({ strays: [stray({ path: "again", kind: "duplicate-link" })] }),
    ["warning duplicate-link again - -"],
  ]],
  "broken-link": [[
    snapshot({ strays: [stray({ path: "nowhere", kind: "broken-link" })] }),
    ["info broken-link nowhere - -"],
  ]],
  "registered-model-name-illegal": [[
    snapshot({ registeredModels: [registeredModel({ name: "a%b" })] }),
    ["error registered-model-name-illegal models/a%b - -"],
  ]],
  "registered-model-name-with-colon": [[
    snapshot({ registeredModels: [registeredModel({ name: "a:b" })] }),
    ["error registered-model-name-with-colon models/a:b - -"],
  ]],
  "registered-model-renamed": [[
    snapshot({ registeredModels: [{ ...registeredModel({ name: "old" }), name: "new" }] }),
    ["warning registered-model-renamed models/old - -"],
  ]],
  "model-version-renamed": [[
    snapshot({ registeredModels: [RENAMED_VERSION] }),
    ["warning model-version-renamed models/m/version-1 - -"],
  ]],
  "default-experiment-missing": [
    [bareSnapshot(), []],
    [
      bareSnapshot({ experiments: [experiment({ id: "7" })] }),
      ["warning default-experiment-missing 0 - -"],
    ],
    [
      bareSnapshot({ orphans: [orphan({ id: "7" })] }),
      ["warning default-experiment-missing 0 - -", "warning experiment-meta-missing 7 7 -"],
    ],
    [
      bareSnapshot({ orphans: [orphan({ id: "0" })] }),
      ["warning experiment-meta-missing 0 0 -"],
    ],
    [
      bareSnapshot({ orphans: [orphan({ id: "0", lifecycleStage: "deleted" })] }),
      ["warning experiment-meta-missing .trash/0 0 -"],
    ],
    [bareSnapshot({ experiments: [experiment()], strays: [stray({ path: "0" })] }), []],
    [
      bareSnapshot({
        experiments: [experiment()],
        problems: [problem({ path: ".trash", subject: "directory", damage: "io" })],
      }),
      ["error directory-unreadable .trash - -"],
    ],
  ],
  "default-experiment-deleted": [
    [
      bareSnapshot({ experiments: [experiment(DELETED_DEFAULT)] }),
      ["warning default-experiment-deleted .trash/0 0 -"],
    ],
    [
      // MLflow logs to it all the same.
      bareSnapshot({ experiments: [experiment({ ...DELETED_DEFAULT, recordedStage: "active" })] }),
      ["info deletion-not-recorded .trash/0 0 -"],
    ],
    [
      bareSnapshot({ experiments: [experiment(DELETED_DEFAULT)], orphans: [orphan({ id: "0" })] }),
      ["warning experiment-in-two-places .trash/0 0 -", "warning experiment-meta-missing 0 0 -"],
    ],
  ],
  "deletion-time-missing": [
    [
      database({ experiments: [experiment({ runs: [deletedRun({ deletedTime: null })] })] }),
      [`warning deletion-time-missing 1/${runId(1)} 1 ${runId(1)}`],
    ],
    [
      database({ experiments: [{ ...DELETED, lastUpdateTime: null }] }),
      ["warning deletion-time-missing 1 1 -", "info experiment-name-held 1 1 -"],
    ],
  ],
  "run-row-unusable": [[
    database({
      experiments: [experiment({ damagedRuns: [damagedRun({ damage: "incomplete" })] })],
    }),
    [`warning run-row-unusable 1/${runId(1)} 1 ${runId(1)}`],
  ]],
  "database-damaged": [[
    database({ problems: [problem({ ...DATABASE, path: "database", damage: "unreadable" })] }),
    ["error database-damaged database - -"],
  ]],
  "foreign-key-broken": [[
    database({ problems: [problem({ ...DATABASE, path: "tags", damage: "dangling" })] }),
    ["warning foreign-key-broken tags - -"],
  ]],
  "artifact-location-clash": [
    [
      full({
        experiments: [
          experiment({
            id: "1",
            runs: [1, 2].map((number) => run({ id: runId(number), artifactUri: "s3://a/1" })),
          }),
        ],
      }),
      [`warning artifact-location-clash 1/${runId(2)} 1 ${runId(2)}`],
    ],
    [
      full({
        experiments: ["1", "2"].map((id) => experiment({ id, name: id, artifactLocation: "/a" })),
      }),
      ["warning artifact-location-clash 2 2 -"],
    ],
    [
      full({
        experiments: [experiment({ id: "1", creationTime: NOW })],
        orphans: [{ ...orphan({ id: runId(1) }), path: asStorePath(`1/${runId(1)}`) }],
        problems: [],
      }),
      [
        "warning artifact-location-clash 1 1 -",
        `info artifacts-without-row 1/${runId(1)} 1 -`,
      ],
    ],
  ],
  "experiment-name-held": [
    [database({ experiments: [DELETED] }), ["info experiment-name-held 1 1 -"]],
    [
      snapshot({
        experiments: [
          experiment({ id: "1", name: "free" }),
          ...[["2", "free"], ["3", "held"]].map(([id = "", name = ""]) =>
            experiment({ id, name, lifecycleStage: "deleted", recordedStage: "deleted" })
          ),
        ],
      }),
      ["warning duplicate-experiment-name 1 1 -", "info experiment-name-held .trash/3 3 -"],
    ],
  ],
  "metrics-dominate": [
    [database({}, { metrics: POINTS }), ["info metrics-dominate metrics - -"]],
    [database({}, { metrics: { ...POINTS, share: 0.49 } }), []],
    [database({}, { metrics: { ...POINTS, bytes: 99e6 } }), []],
  ],
  "schema-outdated": [
    [database({}, { revision: "0584bdc529eb" }), ["info schema-outdated alembic_version - -"]],
  ],
  "artifacts-without-row": [
    [
      database({ orphans: [orphan({ id: "7" })], problems: [] }),
      ["info artifacts-without-row 7 7 -"],
    ],
  ],
  "schema-unknown": [
    [database({}, { revision: "ffffffffffff" }), ["info schema-unknown alembic_version - -"]],
    [database({}, { revision: null }), ["info schema-unknown alembic_version - -"]],
  ],
  "free-pages": [
    [database({}, { pages: { total: 4_000, free: 1_000 } }), ["info free-pages database - -"]],
    [database({}, { pages: { total: 4_001, free: 1_000 } }), []],
    [database({}, { pages: { total: 1_000, free: 999 } }), []],
  ],
  "missing-trash-directory": [[
    snapshot({ hasTrash: false }),
    ["info missing-trash-directory .trash - -"],
  ]],
};

for (const [rule, cases] of Object.entries(CASES)) {
  Deno.test(`verifySnapshot() reports ${rule}`, () => {
    for (const [store, expected] of cases) assertEquals(brief(store), expected);
  });
}

/** What checks read that look for what was met while reading. */
const OF_PROBLEMS: ReadonlySet<string> = new Set(["problems", "orphans", "readAt"]);

Deno.test("there is a case for every rule that looks at more than what was met while reading", () => {
  // What only a migration, or a version that is asked for, minds has a test of its own.
  const derived = RULES.filter((rule) => rule.severity !== null && !rule.whenAsked).filter((
    { check },
  ) => {
    const read = new Set<string>();
    const watched = new Proxy(snapshot(), {
      get: (target, key) => {
        read.add(String(key));
        return Reflect.get(target, key);
      },
    });
    assertEquals([...check(watched)], []);
    return [...read].some((key) => !OF_PROBLEMS.has(key));
  });
  assertEquals(derived.map(({ id }) => id).filter((id) => CASES[id] === undefined), []);
});

Deno.test("verifySnapshot() says of a version of MLflow whether it opens a database", () => {
  const found = (revision: string | null, version: "2.22" | "3.17") =>
    verify(database({}, { revision }), { reader: { kind: "mlflow", version } })
      .map(({ severity, rule }) => `${severity} ${rule}`);
  assertEquals(found("0584bdc529eb", "2.22"), []);
  assertEquals(found("0584bdc529eb", "3.17"), ["info schema-outdated"]);
  assertEquals(found("dc11669786a5", "2.22"), ["error schema-of-mlflow-3"]);
  assertEquals(found("dc11669786a5", "3.17"), []);
  for (const version of ["2.22", "3.17"] as const) {
    for (const revision of [null, "ffffffffffff"]) {
      assertEquals(found(revision, version), ["error schema-refused", "info schema-unknown"]);
    }
  }
});

Deno.test("verifySnapshot() gives commands for a database that can be typed as they are", () => {
  const located = { location: "sqlite:////data/my runs/mlflow.db" };
  const remedies = (store: StoreSnapshot) =>
    verify({ ...store, ...located }).map(({ remedy }) => remedyText(remedy));
  const python =
    "python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])' '/data/my runs/mlflow.db'";
  assertEquals(remedies(database({}, { pages: { total: 4_000, free: 1_000 } })), [
    `Shrink it while nothing else has it open: \`${python} VACUUM\``,
  ]);
  assertEquals(remedies(database({}, { revision: "0584bdc529eb" })), [
    "Back it up, then upgrade it: `mlflow db upgrade 'sqlite:////data/my runs/mlflow.db'`",
  ]);
  const damage = [problem({ ...DATABASE, path: "database", damage: "unreadable" })];
  assertEquals(remedies(database({ problems: damage })), [
    "Bring the file back from a backup, or save what can be read: " +
    "`sqlite3 '/data/my runs/mlflow.db' .dump | sed 's/^ROLLBACK.*/COMMIT;/' | " +
    "sqlite3 '/data/my runs/mlflow.db.recovered'`",
  ]);
});

Deno.test("verifySnapshot() says which of two stores MLflow takes, and which its migration", () => {
  const store = snapshot({
    strays: ["20240101", "mlruns", "old"].map((path) => stray({ path, kind: "nested-store" })),
  });
  const own = "It is a store of its own, of which MLflow shows nothing here";
  const found = verify(store, { reader: { kind: "migration" } });
  assertEquals(found.map(({ severity, path, message }) => [severity, `${path}`, message]), [
    [
      "error",
      "mlruns",
      `${own}, but \`mlflow migrate-filestore\` takes it in place of this one; the migration takes it ` +
      "in place of this store",
    ],
    ["warning", "20240101", `${own}; the migration leaves it behind`],
  ]);
});

Deno.test("verifySnapshot() asks for nothing to be moved out of a working directory", () => {
  const store = snapshot({
    experiments: [experiment({ id: "600" })],
    strays: [
      stray({ path: ".git", kind: "unlistable-directory" }),
      stray({ path: "backups", kind: "backup-directory" }),
      stray({ path: "data", kind: "foreign-directory" }),
    ],
  });
  const separate =
    "Give MLflow a directory of its own: move .trash, 0 and 600 into a new directory " +
    "mlruns in this one, then run `deno task repair --relocate --store /data/mlruns/mlruns`, and " +
    "start MLflow with that directory";
  assertEquals(
    verify(store).map(({ rule, path, remedy }) => [rule, `${path}`, remedyText(remedy)]),
    [
      ["unlistable-directory", ".git", separate],
      ["backup-directory", "backups", separate],
      ["foreign-directory", "data", separate],
      ["store-in-working-directory", ".git", separate],
    ],
  );
});

/** Every kind of damage, which the compiler counts, and what it may happen to. */
const DAMAGES: Readonly<Record<Problem["damage"], Problem["subject"]>> = {
  "missing": "run",
  "empty": "run",
  "unreadable": "run",
  "incomplete": "run",
  "io": "run",
  "id-mismatch": "run",
  "foreign": "run",
  "copied": "run",
  "copied-outside": "directory",
  "wrong-experiment": "run",
  "missing-folder": "run",
  "not-a-directory": "tags",
  "no-run-id": "run",
  "no-artifact-uri": "run",
  "no-name": "experiment",
  "no-deleted-time": "run",
  "no-update-time": "registry",
  "boolean-time": "run",
  "no-place": "experiment",
  "wrong-type": "run",
  "no-value": "param",
  "lfs-pointer": "run",
  "illegal-name": "metric",
  "stray-file": "metric",
  "lookalike": "param",
  "malformed-line": "metric",
  "joined-lines": "metric",
  "joined-time": "metric",
  "torn-line": "metric",
  "repeated-point": "metric",
  "zeros": "param",
  "merge-marks": "param",
  "carriage-return": "param",
  "newer-format": "metric",
  "unmigrated": "metric",
  "unstorable": "run",
  "cut-off": "run",
  "moved": "run",
  "relative": "run",
  "remote": "trace",
  "borrowed": "run",
  "dangling": "input",
  "unused": "dataset",
  "stale": "run",
};

Deno.test("there is a rule for every kind of damage", () => {
  const unknown = Object.entries(DAMAGES).filter(([damage, subject]) => {
    const met = problem({ path: "1/x", subject, damage: damage as Problem["damage"] });
    return RULES.every(({ check }) => [...check(snapshot({ problems: [met] }))].length === 0);
  });
  assertEquals(unknown, []);
});

Deno.test("verifySnapshot() has rules whose ids are their own", () => {
  assertEquals(new Set(RULES.map((rule) => rule.id)).size, RULES.length);
});

Deno.test("verifySnapshot() finds in a healthy store only the name that a deleted experiment holds", () => {
  const store = snapshot({
    experiments: [
      experiment({
        runs: [run(), deletedRun({ id: runId(2) })],
        loggedModels: [loggedModel({ sourceRunId: RUN })],
      }),
      experiment({ id: "2", lifecycleStage: "deleted", runs: [deletedRun({ id: runId(3) })] }),
    ],
    registeredModels: [registeredModel({ versions: [modelVersion({ runId: RUN })] })],
    strays: [stray(), stray({ path: "old.trash", kind: "ignored-directory" })],
  });
  assertEquals(brief(store), ["info experiment-name-held .trash/2 2 -"]);
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
    line: 3,
    experimentId: "7",
    runId: null,
    message: "meta.yaml is not YAML (line 3, column 5); MLflow lists no experiment at all",
    remedy: { kind: "cleanup", does: "quarantine", or: "restore its meta.yaml from a backup" },
    versions: ["2.22", "3.17"],
  }]);
});

Deno.test("verifySnapshot() renames of two experiments of one name that which MLflow does not take", () => {
  const twin = (id: string, creationTime: number) =>
    experiment({ id, name: "tuning", creationTime });
  const remedies = verify(snapshot({ experiments: [twin("1", 7), twin("2", 9), twin("3", 9)] }))
    .map(({ remedy }) => remedyText(remedy));
  assertEquals(remedies, [
    "Rename all but the one that MLflow takes with `mlflow experiments rename --experiment-id 3 " +
    "--new-name 'tuning (3)'`",
  ]);
});

Deno.test("verifySnapshot() sends a lost run of an orphan that goes to the clean-up, which takes both", () => {
  const lost = (path: string) => problem({ path, subject: "run", damage: "missing" });
  const store = snapshot({
    experiments: [experiment({ id: "1" })],
    orphans: [orphan({ id: "7" }), orphan({ id: "8", runs: [run()] })],
    problems: [lost(`1/${RUN}`), lost(`7/${RUN}`), lost(`8/${RUN}`)],
  });
  assertEquals(verify(store).map(({ path, remedy }) => [path.slice(0, 1), remedy]), [
    ["1", REPAIR],
    ["7", {
      kind: "cleanup",
      does: "quarantine",
      or: "restore its meta.yaml and that of the orphan from a backup",
    }],
    ["8", REPAIR],
  ]);
});

Deno.test("verifySnapshot() sends an orphan in the trash to the clean-up, with its lost run", () => {
  const store = snapshot({
    orphans: [orphan({ id: "7", lifecycleStage: "deleted" })],
    problems: ["", `/${RUN}`].map((below) =>
      problem({
        path: `.trash/7${below}`,
        subject: below === "" ? "experiment" : "run",
        damage: "missing",
      })
    ),
  });
  const advised = verify(store)
    .map(({ path, remedy }) => `${remedy?.kind === "cleanup" && remedy.does} ${path}`);
  assertEquals(advised, ["quarantine .trash/7", `quarantine .trash/7/${RUN}`]);
  assertEquals(
    planCleanup(store, QUARANTINE, { now: NOW }).actions.map(({ kind, path }) => `${kind} ${path}`),
    ["quarantine-orphan .trash/7"],
  );
});

/** Something for each reader. */
const MIXED = snapshot({
  experiments: [experiment({ id: "1", name: "one" }), experiment({ id: "two", name: "two" })],
  problems: [
    problem({ path: `1/${RUN}/metrics/a`, subject: "metric", damage: "malformed-line", line: 7 }),
    problem({ path: `1/${RUN}/metrics/b`, subject: "metric", damage: "newer-format" }),
    problem({ path: `1/${RUN}/metrics/c`, subject: "metric", damage: "newer-format" }),
    problem({ path: `1/${RUN}/metrics/d`, subject: "metric", damage: "repeated-point" }),
    problem({ path: `1/${RUN}/outputs/m`, subject: "output", damage: "empty" }),
    problem({
      path: `1/${RUN}/outputs/n`,
      subject: "output",
      damage: "incomplete",
      migration: null,
    }),
    problem({ path: "two/tags/a", subject: "experiment-tag", damage: "zeros" }),
  ],
});

Deno.test("verifySnapshot() asks what any version minds, but not of what a newer one writes", () => {
  assertEquals(brief(MIXED), [
    `error metric-line-malformed 1/${RUN}/metrics/a 1 ${RUN}`,
    `error output-unreadable 1/${RUN}/outputs/m 1 ${RUN}`,
    `error output-unreadable 1/${RUN}/outputs/n 1 ${RUN}`,
    "warning value-of-zeros two/tags/a two -",
  ]);
});

Deno.test("verifySnapshot() asks what one version minds, at once for a whole experiment", () => {
  const asked = verify(MIXED, { reader: { kind: "mlflow", version: "2.22" } });
  assertEquals(asked.map(({ rule, path, line, message }) => [rule, path, line, message]), [
    [
      "metric-line-malformed",
      `1/${RUN}/metrics/a`,
      7,
      "the file is not UTF-8 text (line 7); MLflow cannot search the experiment's runs",
    ],
    [
      "metric-with-dataset",
      "1",
      null,
      `2 of its metrics, the first 1/${RUN}/metrics/b: the file is not UTF-8 text; ` +
      "MLflow 2 cannot search the experiment's runs",
    ],
    [
      "value-of-zeros",
      "two/tags/a",
      null,
      "the file is not UTF-8 text; MLflow shows the zeros for the value",
    ],
  ]);
  assertEquals(asked.map(({ versions }) => versions), [["2.22", "3.17"], ["2.22"], [
    "2.22",
    "3.17",
  ]]);
});

Deno.test("verifySnapshot() asks what a migration stops at, leaves behind or changes", () => {
  const asked = verify(MIXED, { reader: { kind: "migration" } });
  assertEquals(asked.map(({ severity, rule, path }) => `${severity} ${rule} ${path}`), [
    `error metric-line-malformed 1/${RUN}/metrics/a`,
    `error metric-point-twice 1/${RUN}/metrics/d`,
    "warning experiment-id-not-numeric two",
    `warning output-unreadable 1/${RUN}/outputs/m`,
  ]);
  assertEquals(
    asked[1]!.message,
    "the file is not UTF-8 text; the migration stops, and nothing is migrated",
  );
});

Deno.test("verifySnapshot() shows one rule, one experiment by its id or name, one severity", () => {
  const rules = (options: VerifySnapshotOptions) => verify(MIXED, options).map(({ rule }) => rule);
  assertEquals(rules({ rule: "value-of-zeros" }), ["value-of-zeros"]);
  assertEquals(rules({ experiment: "two" }), ["value-of-zeros"]);
  assertEquals(rules({ experiment: "one", severity: "warning" }), []);
  assertEquals(rules({ severity: "warning" }), ["value-of-zeros"]);
  assertEquals([...experimentIds(MIXED, "one")], ["1"]);
  assertEquals([...experimentIds(MIXED, "three")], []);
});

Deno.test("verifySnapshot() sends an orphan with readable runs to its repair", () => {
  const [finding] = verify(snapshot({ orphans: [orphan({ runs: [run()] })] }));
  assertEquals(
    finding!.remedy,
    REPAIR,
  );
});

Deno.test("verifySnapshot() names the clean-up exactly where it quarantines", () => {
  const stores = snapshotArbitrary({ now: NOW }).map((store) => ({
    ...store,
    registeredModels: [],
  }));
  fc.assert(fc.property(stores, (store) => {
    const advised = verify(store)
      .filter(({ remedy }) => remedy?.kind === "cleanup" && remedy.does === "quarantine")
      // Its lost runs go with it.
      .map(({ path }) => experimentPathOf(path));
    const planned = planCleanup(store, QUARANTINE, { now: NOW }).actions.map(({ path }) => path);
    assertEquals([...new Set(advised)].toSorted(), planned.toSorted());
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
      for (const text of [message, remedyText(remedy) ?? message]) {
        assert(/^[^\n]*[^\n.]$/.test(text), text);
      }
    }
  }));
});

Deno.test("verifySnapshot() proposes no repair behind a symbolic link, where none goes", () => {
  const remedyOf = (link: boolean) =>
    verifySnapshot(snapshot({ orphans: [orphan({ id: "7", runs: [run()], link })] }))
      .filter(({ rule }) => rule === "experiment-meta-missing")
      .map(({ remedy }) => remedyText(remedy));
  assertEquals(remedyOf(true), [
    "Mend it in the directory to which the link leads, or remove the link",
  ]);
  assertEquals(remedyOf(false), ["Run `deno task repair` to plan its repair"]);
});

Deno.test("verifySnapshot() sends what an editor left among registered models to repair, a model to its owner", () => {
  const remedies = ["models/.ipynb_checkpoints", "models/credit"].map((path) => {
    const lost = problem({ subject: "registry", path, damage: "missing" });
    return verify(snapshot({ problems: [lost] })).map(({ remedy }) => remedyText(remedy));
  });
  assertEquals(remedies, [
    ["Run `deno task repair` to plan its repair"],
    ["Restore its meta.yaml from a backup, or write one that says its name"],
  ]);
});

Deno.test("verifySnapshot() frees a held name by the purge of that experiment alone, and at once", () => {
  const findings = [
    ...verifySnapshot(database({ experiments: [DELETED] })),
    ...verifySnapshot(snapshot({ experiments: [experiment({ lifecycleStage: "deleted" })] })),
  ];
  assertEquals(
    findings.filter(({ rule }) => rule === "experiment-name-held").map(({ remedy }) => remedy),
    Array(2).fill({
      kind: "cleanup",
      does: "purge",
      or: "restore it in MLflow",
      experimentId: "1",
    }),
  );
});

Deno.test("experimentIds() takes an id before a name that reads like it", () => {
  const store = deepFreeze(snapshot({
    experiments: [experiment({ id: "1", name: "2" }), experiment({ id: "2", name: "churn" })],
  }));
  const meant = (word: string) => [...experimentIds(store, word)];
  assertEquals([meant("2"), meant("1"), meant("churn"), meant("x")], [["2"], ["1"], ["2"], []]);
});
