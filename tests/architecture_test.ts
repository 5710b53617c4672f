/**
 * The locks of the house: who may import whom, which words are said where, how long a file may be.
 * Every rule is a row of a table; a new file falls under the rows that are there.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import manifest from "../deno.json" with { type: "json" };

/** Whether a path lies in one of these places: a file, or a folder or prefix ending in `/` or `*`. */
type Places = readonly string[];

interface Import {
  readonly by: string;
  /** A path in the repository, or a bare specifier as written. */
  readonly of: string;
}

/** What any room above them may import: errors, text, the nouns of a store. */
const GROUND: Places = ["lib/", "lib/text/", "lib/store/"];

/** What tells the world of a command what came of it. */
const TOLD: Places = [
  "tasks/schedule.ts",
  ...["lib/backup/", "lib/policy/", "lib/plan/", "lib/answers/", "lib/verify/", "lib/render/"],
  ...[
    "lib/render/html/",
    "lib/words/",
    "tasks/ports/",
    "tasks/backups/",
    "tasks/",
    "tasks/moves/",
    "tasks/open_store.ts",
  ],
  ...["tasks/_cli/", "tasks/_cli/table/", "tasks/_cli/choose/"],
];

/**
 * The rooms from the ground up: folders, and files that are a room of their own. A room may import, types
 * included, what its row names, which stands in a row above it.
 */
const rooms: readonly { readonly room: string; readonly of: Places }[] = [
  { room: "lib/", of: [] },
  { room: "lib/text/", of: ["lib/"] },
  { room: "lib/yaml/", of: ["lib/"] },
  { room: "tasks/_io/std/", of: ["@std/path/posix", "@std/path/windows"] },
  { room: "lib/store/", of: ["lib/", "lib/text/"] },
  { room: "lib/backup/", of: GROUND },
  { room: "lib/policy/", of: [...GROUND, "lib/yaml/", "@std/yaml"] },
  { room: "lib/records/", of: [...GROUND, "lib/yaml/"] },
  { room: "lib/plan/moves/", of: [...GROUND, "lib/policy/"] },
  { room: "lib/plan/parts/", of: GROUND },
  {
    room: "lib/plan/",
    of: [...GROUND, "lib/policy/", "lib/records/", "lib/plan/moves/", "lib/plan/parts/"],
  },
  { room: "lib/files/", of: [...GROUND, "lib/records/", "lib/plan/"] },
  { room: "lib/snapshot/", of: [...GROUND, "lib/yaml/", "lib/records/"] },
  { room: "lib/tracking/", of: [...GROUND, "lib/yaml/", "lib/records/"] },
  { room: "lib/selection/", of: [...GROUND, "lib/policy/"] },
  {
    room: "lib/judge/",
    of: [...GROUND, "lib/policy/", "lib/plan/", "lib/snapshot/", "lib/selection/"],
  },
  {
    room: "lib/cleanup/",
    of: [...GROUND, "lib/policy/", "lib/plan/", "lib/selection/", "lib/judge/"],
  },
  {
    room: "lib/move/",
    of: [
      ...[...GROUND, "lib/records/", "lib/plan/", "lib/judge/", "lib/selection/"],
    ],
  },
  {
    room: "lib/merge/",
    of: [
      ...[...GROUND, "lib/yaml/", "lib/records/", "lib/plan/", "lib/snapshot/", "lib/judge/"],
      ...["lib/selection/", "lib/move/"],
    ],
  },
  { room: "lib/words/", of: [...GROUND, "lib/policy/", "lib/plan/"] },
  {
    room: "lib/verify/",
    of: [...GROUND, "lib/policy/", "lib/records/", "lib/snapshot/", "lib/judge/"],
  },
  { room: "lib/verify/portability/", of: [...GROUND, "lib/verify/"] },
  {
    room: "lib/answers/",
    of: [
      ...[...GROUND, "lib/backup/", "lib/policy/", "lib/plan/", "lib/judge/", "lib/cleanup/"],
      ...["lib/selection/", "lib/verify/"],
    ],
  },
  { room: "lib/report/", of: [...GROUND, "lib/backup/", "lib/plan/"] },
  {
    room: "lib/repair/",
    of: [
      ...[...GROUND, "lib/yaml/", "lib/policy/", "lib/records/", "lib/plan/", "lib/judge/"],
      "lib/verify/",
    ],
  },
  { room: "lib/schedule/", of: [...GROUND, "lib/policy/"] },
  {
    room: "lib/render/",
    of: [
      ...[...GROUND, "lib/backup/", "lib/plan/", "lib/judge/", "lib/words/", "lib/verify/"],
      ...["lib/answers/", "lib/schedule/"],
    ],
  },
  { room: "lib/doctor/", of: ["lib/text/"] },
  {
    room: "lib/notify/",
    of: [...GROUND, "lib/policy/", "lib/plan/", "lib/words/", "lib/render/"],
  },
  {
    room: "lib/render/html/",
    of: [...GROUND, "lib/plan/", "lib/words/", "lib/answers/", "lib/render/"],
  },
  {
    room: "lib/view/",
    of: [...GROUND, "lib/policy/", "lib/plan/", "lib/words/", "lib/answers/"],
  },
  // What page and server say to each other: types alone.
  { room: "tasks/_web/messages/", of: ["lib/answers/", "lib/verify/", "lib/view/"] },
  { room: "tasks/_web/messages.ts", of: ["lib/verify/", "lib/view/", "tasks/_web/messages/"] },
  { room: "tasks/_web/serving/", of: ["node:"] },
  { room: "tasks/_io/", of: [...GROUND, "@std/", "node:"] },
  {
    room: "tasks/_doctor/",
    of: [
      ...["lib/text/", "lib/doctor/", "tasks/_io/list_directory.ts", "tasks/_io/read.ts"],
      ...["@std/", "node:fs/promises"],
    ],
  },
  {
    room: "tasks/_notify/",
    of: [
      ...[...GROUND, "lib/policy/", "lib/notify/", "tasks/_io/read.ts", "@std/"],
      ...["node:net", "nodemailer"],
    ],
  },
  { room: "tasks/_demo/", of: [...GROUND, "lib/yaml/", "tasks/_io/", "@std/", "node:"] },
  { room: "tasks/_io/tree/", of: [...GROUND, "lib/backup/", "tasks/_io/", "@std/", "node:"] },
  { room: "tasks/ports/", of: [...GROUND, "lib/backup/", "lib/plan/"] },
  { room: "tasks/backups/", of: [...GROUND, "lib/backup/", "tasks/ports/"] },
  {
    room: "tasks/training/",
    of: [
      ...[...GROUND, "lib/tracking/", "tasks/ports/"],
      ...["tasks/_io/process.ts", "tasks/_io/read.ts", "tasks/_io/take_turns.ts"],
      ...["tasks/_io/child_process.ts", "@std/"],
    ],
  },
  {
    room: "tasks/",
    of: [
      ...[...GROUND, "lib/policy/", "lib/plan/", "lib/cleanup/", "lib/words/", "lib/verify/"],
      ...[
        "lib/selection/",
        "lib/answers/",
        "lib/move/",
        "lib/merge/",
        "lib/repair/",
        "lib/verify/portability/",
        "tasks/_io/durable.ts",
        "tasks/_io/read.ts",
        "tasks/_io/tree/walk_tree.ts",
        "lib/notify/",
        "tasks/_notify/",
        "lib/doctor/",
        "tasks/_doctor/",
        "tasks/backups/list_backups.ts",
        "tasks/_demo/",
        "tasks/ports/",
      ],
      ...["tasks/training/experiment.ts", "tasks/training/program.ts", "@std/"],
    ],
  },
  {
    room: "tasks/moves/",
    of: [...GROUND, "lib/plan/", "lib/move/", "tasks/ports/", "tasks/"],
  },
  {
    room: "tasks/schedule.ts",
    of: [
      ...[...GROUND, "lib/snapshot/", "lib/policy/", "lib/schedule/", "tasks/ports/"],
      ...["tasks/_io/durable.ts", "tasks/_io/read.ts", "@std/", "deno.json"],
    ],
  },
  {
    room: "tasks/_file/scan/",
    of: [...GROUND, "lib/yaml/", "lib/records/", "lib/snapshot/", "tasks/_io/", "@std/"],
  },
  {
    room: "tasks/_file/own/",
    of: [
      ...[...GROUND, "lib/backup/", "lib/files/", "lib/records/", "lib/plan/", "lib/snapshot/"],
      ...["tasks/_io/", "tasks/_file/scan/", "@std/"],
    ],
  },
  {
    room: "tasks/_artifacts/",
    of: [
      ...[...GROUND, "lib/snapshot/", "tasks/_io/", "tasks/_io/tree/"],
      ...["tasks/_file/scan/measure.ts", "tasks/_file/own/own_directory.ts", "@std/"],
    ],
  },
  {
    room: "tasks/_artifacts/s3/",
    of: [
      ...[...GROUND, "tasks/_io/", "tasks/_io/tree/", "tasks/_artifacts/", "@std/", "node:"],
      ...["aws4fetch", "parse-xml"],
    ],
  },
  {
    room: "tasks/_artifacts/open_place.ts",
    of: ["lib/snapshot/", "tasks/_io/process.ts", "tasks/_artifacts/", "tasks/_artifacts/s3/"],
  },
  {
    room: "tasks/_database/scan/",
    of: [
      ...[...GROUND, "lib/records/", "lib/snapshot/", "tasks/_io/"],
      ...["tasks/_file/scan/measure.ts", "tasks/_file/scan/scan_extras.ts", "@std/", "node:"],
    ],
  },
  {
    room: "tasks/_database/buckets/",
    of: [
      ...[...GROUND, "lib/snapshot/", "tasks/_io/process.ts", "tasks/_artifacts/s3/"],
      "tasks/_database/scan/",
    ],
  },
  {
    room: "tasks/_database/postgres/",
    of: [...GROUND, "tasks/_io/", "tasks/_database/scan/", "@std/", "node:", "postgres"],
  },
  {
    room: "tasks/_database/log/",
    of: [
      ...[...GROUND, "lib/backup/", "lib/snapshot/", "tasks/_io/", "tasks/_artifacts/"],
      ...["tasks/_file/own/lock.ts", "tasks/_file/own/own_directory.ts", "tasks/_database/scan/"],
      ...["@std/", "node:"],
    ],
  },
  {
    room: "tasks/_database/trees/",
    of: [
      ...[...GROUND, "lib/records/", "lib/snapshot/", "tasks/_io/", "tasks/_io/tree/"],
      ...["tasks/_artifacts/", "tasks/_artifacts/open_place.ts"],
      ...["tasks/_database/scan/", "tasks/_database/log/"],
      "@std/",
    ],
  },
  {
    room: "tasks/_database/rows/",
    of: [
      ...[...GROUND, "lib/records/", "lib/snapshot/", "tasks/_io/", "tasks/_artifacts/"],
      ...["tasks/_database/scan/", "tasks/_database/log/", "tasks/_database/trees/"],
      ...["@std/", "node:"],
    ],
  },
  {
    room: "tasks/_database/moves/",
    of: [
      ...[...GROUND, "lib/plan/", "lib/snapshot/"],
      ...["tasks/_database/scan/", "tasks/_database/log/"],
    ],
  },
  {
    room: "tasks/_database/merges/",
    of: [
      ...[...GROUND, "lib/records/", "lib/plan/", "lib/snapshot/", "lib/merge/"],
      ...["tasks/_io/", "tasks/_io/tree/", "tasks/_artifacts/", "tasks/_file/scan/"],
      ...["tasks/_database/scan/", "tasks/_database/log/", "tasks/_database/trees/"],
      ...["tasks/_database/rows/", "@std/", "node:"],
    ],
  },
  {
    room: "tasks/_database/change/",
    of: [
      "tasks/_database/moves/",
      "tasks/_database/merges/",
      ...[...GROUND, "lib/backup/", "lib/plan/", "lib/snapshot/", "tasks/_io/", "tasks/ports/"],
      "tasks/_file/own/own_directory.ts",
      ...["tasks/_database/scan/", "tasks/_database/log/", "tasks/_database/trees/"],
      "tasks/_database/rows/",
      ...["lib/records/", "tasks/_artifacts/", "tasks/_io/tree/", "@std/", "node:"],
    ],
  },
  { room: "tasks/_server/client/", of: [...GROUND, "tasks/_io/", "@std/"] },
  {
    room: "tasks/_server/scan/",
    of: [...GROUND, "lib/records/", "lib/snapshot/", "tasks/_io/", "tasks/_server/client/"],
  },
  {
    room: "tasks/_file/copying/",
    of: [
      ...[...GROUND, "lib/yaml/", "lib/files/", "lib/snapshot/", "tasks/_io/", "tasks/_io/tree/"],
      ...["tasks/_file/own/", "@std/"],
    ],
  },
  {
    room: "tasks/_file/change/",
    of: [
      "tasks/_file/copying/",
      ...[
        ...GROUND,
        "lib/yaml/",
        "lib/files/",
        "lib/plan/",
        "tasks/_io/",
        "tasks/_io/tree/",
        "tasks/ports/",
        "tasks/_file/scan/",
      ],
      ...["tasks/_file/own/", "@std/"],
    ],
  },
  {
    room: "tasks/_file/tracking/",
    of: [
      ...[...GROUND, "lib/yaml/", "lib/records/", "lib/tracking/", "tasks/_io/", "tasks/ports/"],
      ...["tasks/_file/own/", "@std/"],
    ],
  },
  {
    room: "tasks/_file/backups/",
    of: [
      ...[...GROUND, "lib/backup/", "lib/records/", "tasks/_io/", "tasks/_io/tree/"],
      "tasks/ports/",
      ...["tasks/_file/own/", "tasks/_file/change/", "@std/"],
    ],
  },
  {
    room: "tasks/_database/backups/",
    of: [
      ...[...GROUND, "lib/backup/", "lib/snapshot/", "tasks/_io/", "tasks/_io/tree/"],
      ...["tasks/ports/", "tasks/_file/own/", "tasks/_file/backups/", "tasks/_artifacts/"],
      ...[
        "tasks/_database/scan/",
        "tasks/_database/log/",
        "tasks/_database/trees/",
        "@std/",
        "node:",
      ],
    ],
  },
  {
    room: "tasks/_database/",
    of: [
      "lib/move/",
      ...[...GROUND, "lib/plan/", "lib/snapshot/", "tasks/_io/", "tasks/ports/"],
      ...[
        "tasks/_database/scan/",
        "tasks/_database/log/",
        "tasks/_database/rows/",
        "tasks/_database/merges/",
        "tasks/_database/change/",
        "tasks/_database/backups/",
      ],
      ...["tasks/_file/own/own_directory.ts", "tasks/_file/backups/backup_place.ts"],
      ...[
        "tasks/_database/postgres/",
        "tasks/_database/trees/",
        "tasks/_database/buckets/",
        "@std/",
        "node:",
      ],
    ],
  },
  {
    room: "tasks/_server/tracking/",
    of: [
      ...[...GROUND, "lib/backup/", "lib/tracking/", "tasks/_io/", "tasks/ports/", "@std/"],
      ...["tasks/_database/log/state_directory.ts", "tasks/_server/client/"],
      "tasks/_server/scan/",
    ],
  },
  {
    room: "tasks/_server/change/",
    of: [
      ...[...GROUND, "lib/backup/", "lib/plan/", "lib/snapshot/", "tasks/_io/", "tasks/ports/"],
      ...["tasks/_database/log/", "tasks/_server/client/", "tasks/_server/scan/"],
      "tasks/_server/tracking/",
    ],
  },
  {
    room: "tasks/_server/",
    of: [
      ...[...GROUND, "lib/plan/", "lib/snapshot/", "tasks/ports/", "tasks/_server/client/"],
      ...["tasks/_database/stand_in.ts", "tasks/_database/log/find_cut_off.ts"],
      ...["tasks/_database/log/state_directory.ts", "tasks/_io/process.ts"],
      ...["tasks/_server/scan/", "tasks/_server/change/", "tasks/_server/tracking/"],
    ],
  },
  {
    room: "tasks/_file/",
    of: [
      ...[...GROUND, "lib/backup/", "lib/records/", "lib/plan/", "lib/tracking/", "lib/repair/"],
      ...["lib/yaml/", "lib/snapshot/", "lib/move/", "lib/merge/", "tasks/_file/copying/"],
      ...["tasks/_io/", "tasks/ports/", "tasks/_file/scan/", "tasks/_file/own/"],
      ...["tasks/_file/change/", "tasks/_file/tracking/", "tasks/_file/backups/", "@std/"],
      "tasks/_database/",
    ],
  },
  {
    room: "tasks/open_store.ts",
    of: [
      ...[...GROUND, "tasks/_io/process.ts", "tasks/ports/", "tasks/_database/"],
      ...["tasks/_file/", "tasks/_server/"],
    ],
  },
  { room: "tasks/_cli/terminal/", of: [...GROUND, "lib/backup/"] },
  {
    room: "tasks/_cli/",
    of: [...GROUND, "lib/plan/", "lib/report/", "tasks/_cli/terminal/"],
  },
  {
    room: "tasks/_cli/table/",
    of: [...GROUND, "lib/policy/", "lib/schedule/", "lib/plan/", "@std/"],
  },
  { room: "tasks/_cli/completions/", of: ["lib/policy/", "lib/verify/", "tasks/_cli/table/"] },
  { room: "tasks/_web/page/pure/", of: ["lib/text/units.ts", "tasks/_web/messages.ts"] },
  {
    room: "tasks/_web/page/asking/",
    of: [
      "lib/errors.ts",
      "tasks/_web/messages.ts",
      "tasks/_web/page/pure/",
      "preact",
      "preact/hooks",
    ],
  },
  {
    room: "tasks/_web/page/parts/",
    of: [
      ...["lib/text/units.ts", "tasks/_web/messages.ts", "tasks/_web/page/pure/"],
      ...["tasks/_web/page/asking/", "preact", "preact/hooks"],
    ],
  },
  {
    room: "tasks/_web/page/tabs/",
    of: [
      ...["lib/errors.ts", "lib/text/units.ts", "tasks/_web/messages.ts", "tasks/_web/page/pure/"],
      ...["tasks/_web/page/asking/", "tasks/_web/page/parts/", "preact", "preact/hooks"],
    ],
  },
  {
    room: "tasks/_web/page/",
    of: [
      ...["lib/text/units.ts", "tasks/_web/messages.ts", "tasks/_web/page/pure/"],
      ...["tasks/_web/page/asking/", "tasks/_web/page/parts/", "tasks/_web/page/tabs/"],
      ...["preact", "preact/hooks"],
    ],
  },
  // Its texts of the page are text; what carries a plan out are the tasks.
  {
    room: "tasks/_web/",
    of: [
      ...[...GROUND, "lib/backup/", "lib/policy/", "lib/plan/", "lib/cleanup/", "lib/words/"],
      ...["lib/verify/", "lib/answers/", "lib/render/", "lib/view/", "tasks/ports/"],
      ...["tasks/backups/", "tasks/", "tasks/_web/messages.ts", "tasks/_web/serving/"],
      ...["tasks/_web/page/", "tasks/_web/page/asking/", "tasks/_web/page/parts/"],
      ...["tasks/_web/page/pure/", "tasks/_web/page/tabs/", "node:", "preact", "preact/hooks"],
    ],
  },
  {
    room: "tasks/review.ts",
    of: [
      ...[...GROUND, "lib/policy/", "lib/render/", "tasks/ports/", "tasks/_web/"],
      "tasks/_web/serving/",
    ],
  },
  {
    room: "tasks/_cli/choose/",
    of: [
      ...[...GROUND, "lib/policy/", "tasks/_io/read.ts", "tasks/_io/list_directory.ts"],
      ...["tasks/_cli/table/", "@std/"],
    ],
  },
  {
    room: "tasks/_cli/run/",
    of: [
      ...[...GROUND, ...TOLD, "lib/verify/portability/", "@std/"],
      ...["tasks/_io/process.ts", "tasks/_io/read.ts"],
      // A name is refused before a store is made for it, and shown for one that no server has given an id.
      ...["tasks/training/experiment.ts", "lib/tracking/later_experiment.ts"],
      ...["tasks/review.ts", "tasks/_cli/terminal/"],
    ],
  },
  {
    room: "tasks/_cli/run/saved/",
    of: [...GROUND, ...TOLD, "tasks/_cli/run/", "tasks/_io/read.ts", "@std/"],
  },
  {
    room: "tasks/_cli/run/machine/",
    of: [
      ...[
        ...GROUND,
        ...TOLD,
        "lib/report/",
        "lib/schedule/",
        "tasks/_cli/run/",
        "@std/",
        "deno.json",
      ],
      ...["lib/notify/", "lib/doctor/", "tasks/_doctor/", "tasks/_notify/secret.ts"],
      "tasks/_cli/completions/",
      ...["tasks/_io/disk_full.ts", "tasks/_io/durable.ts", "tasks/_io/list_directory.ts"],
      ...["tasks/_io/process.ts", "tasks/_io/read.ts", "tasks/_file/own/enclosing_store.ts"],
    ],
  },
  {
    room: "tasks/_cli/run/run_task.ts",
    of: [
      ...[...GROUND, ...TOLD, "tasks/_cli/run/", "tasks/_cli/run/machine/"],
      ...["tasks/_cli/run/saved/", "@std/"],
    ],
  },
  {
    room: "tasks/cli.ts",
    of: [
      ...[...GROUND, "tasks/_cli/terminal/", "tasks/_cli/", "tasks/_cli/table/"],
      ...["tasks/_cli/run/", "tasks/_cli/run/run_task.ts", "deno.json"],
    ],
  },
  { room: "lib/store/mod.ts", of: [...GROUND, "lib/backup/", "lib/snapshot/"] },
  {
    room: "lib/plan/mod.ts",
    of: [
      ...[
        "lib/backup/",
        "lib/plan/",
        "lib/cleanup/",
        "lib/answers/",
        "lib/move/",
        "lib/merge/",
        "lib/repair/",
      ],
    ],
  },
  { room: "lib/policy/mod.ts", of: ["lib/text/", "lib/policy/"] },
  {
    room: "lib/notify/mod.ts",
    of: ["lib/text/", "lib/policy/", "lib/plan/", "lib/notify/"],
  },
  {
    room: "lib/verify/mod.ts",
    of: ["lib/judge/", "lib/verify/", "lib/verify/portability/", "lib/answers/"],
  },
  { room: "lib/render/mod.ts", of: ["lib/text/", "lib/render/", "lib/render/html/"] },
  { room: "tasks/ports/mod.ts", of: ["lib/store/", "tasks/ports/"] },
  {
    room: "tasks/training/mod.ts",
    of: ["lib/store/", "lib/tracking/", "tasks/ports/", "tasks/training/"],
  },
  {
    room: "mod.ts",
    of: [
      ...[...GROUND, "lib/backup/", "lib/policy/", "lib/plan/", "lib/answers/", "lib/render/"],
      ...["tasks/ports/", "tasks/backups/", "tasks/", "tasks/moves/", "tasks/open_store.ts"],
      "lib/cleanup/filter_plan.ts",
    ],
  },
];

const MOST_FILES = 15;
/** One file for each task. */
const MOST_TASKS = 24;

/** What may be said only in some places. */
const words: readonly { readonly word: RegExp; readonly in: Places; readonly only: Places }[] = [
  { word: /\b(async|await|Promise)\b/, in: ["lib/"], only: [] },
  { word: /\b(Deno|console|performance|setTimeout|globalThis)\b/, in: ["lib/"], only: [] },
  { word: /\bMath\.random\b|\bcrypto\b/, in: ["lib/"], only: [] },
  { word: /\bnew Date\(\)|\bDate\(\)/, in: ["lib/", "tasks/", "mod.ts"], only: [] },
  {
    word: /\bDate\.now\b/,
    in: ["lib/", "tasks/", "mod.ts"],
    only: ["tasks/cli.ts", "tasks/open_store.ts"],
  },
  // In open_store.ts as a default, and nowhere else.
  { word: /(?<!\bnow = )\bDate\.now\b/, in: ["tasks/open_store.ts"], only: [] },
  {
    word:
      /\bDeno\.(args|exit|exitCode|env|cwd|stdin|stdout|stderr|consoleSize|(add|remove)SignalListener)\b/,
    in: ["lib/", "tasks/", "mod.ts"],
    // A run that is open when its process is told to end must still be able to end itself.
    // What it starts has its streams and its signals.
    only: ["tasks/cli.ts", "tasks/_io/process.ts", "tasks/_io/child_process.ts"],
  },
  // None of them says that it has failed, and what is missing looks gone.
  {
    word: /\b(read[dD]irSync|opendirSync|(expandG|g)lobSync|walkSync|cpSync)\b/,
    in: ["lib/", "tasks/", "mod.ts"],
    only: ["tasks/_io/list_directory.ts"],
  },
  // The page's library of types makes them known to the whole program. In lib/, none of them is; a record
  // is a document as well, and is asked for its keys.
  {
    word: /\b(window|document)\.(?!get\b)|\b(sessionStorage|localStorage|navigator)\b/,
    in: ["tasks/", "mod.ts"],
    only: ["tasks/_web/page/"],
  },
  // Of node:sqlite: where a row cannot be read, it ends as if there were no more; `all()` throws.
  { word: /\.iterate\(/, in: ["tasks/"], only: [] },
  // Only what ends with the system refusing to remove what is not empty, and what nobody misses.
  {
    word: /\blistSome\b/,
    in: ["tasks/"],
    only: [
      "tasks/_io/list_directory.ts",
      "tasks/_io/durable.ts",
      "tasks/_io/hold.ts",
      "tasks/_io/read_ahead.ts",
      "tasks/_file/own/place.ts",
      "tasks/_file/backups/backup_place.ts",
      "tasks/_file/own/manifest.ts",
      "tasks/_file/own/own_directory.ts",
      "tasks/_file/change/settle.ts",
      "tasks/_file/copying/footprint.ts",
    ],
  },
];

/** The standard library, under its own names. */
const standard: Places = [
  "@std/assert",
  "@std/cli/parse-args",
  "@std/fs",
  "@std/path",
  "@std/path/posix",
  "@std/path/windows",
  "@std/yaml",
];

/** Tests that mirror no file, and why. */
const withoutMirror: Places = [
  "tests/architecture_test.ts", // the whole repository
  "tests/examples_test.ts", // the documentation
  "tests/readme_test.ts", // README.md
  "tests/what_failed_test.ts", // what CI tells at its end
  "tests/examples/", // the worked examples
  "tests/faults/", // being killed at any point
  "tests/lib/laws_test.ts", // what every plan obeys
  "tests/lib/policies_test.ts", // what policies make of one long history
  "tests/lib/policy_laws_test.ts", // what every policy obeys
  "tests/lib/family_laws_test.ts", // what every policy obeys that keeps families together
  "tests/mlflow/", // real MLflow
  "tests/machine/", // a real mail server, real shells
  "tests/power/", // losing power at any point
  "tests/tasks/_web/second_writer_test.ts", // carrying out while another program writes
  "tests/tasks/cli_bad_input_test.ts", // the whole command line
  "tests/tasks/cli_database_test.ts",
  "tests/tasks/cli_recipes_test.ts", // what the pages have typed
  "tests/tasks/cli_move_test.ts",
  "tests/tasks/cli_merge_test.ts",
  "tests/tasks/cli_selection_test.ts",
  "tests/tasks/cli_demo_store_test.ts",
  "tests/tasks/cli_repair_test.ts",
  "tests/tasks/cli_server_test.ts",
  "tests/tasks/cli_stores_test.ts",
  "tests/tasks/cli_streams_test.ts",
  "tests/tasks/cli_terminal_test.ts",
  "tests/tasks/shared_store_test.ts", // every task, where a database refers to the store
  "tests/tasks/start_up_test.ts", // what is loaded
  "tests/tasks/random_damage_test.ts", // verify and repair of anything
  "tests/tasks/same_history_test.ts", // one history in every kind of store
  "tests/web/", // what a person sees in a browser
];

const LONGEST_FILE = 400;

/** What every command has: room at the start for what any of them keeps; with more of it none was faster. */
const COMMON = "--no-prompt --v8-flags=--max-semi-space-size=4,--initial-old-space-size=32";

/** What only counts keeps little of what it reads: room for more would be filled, and save no time. */
const COUNTING = "--no-prompt --v8-flags=--max-semi-space-size=4";

/** What stays for long goes easy on memory, and not on the time of its start. */
const STAYING =
  "--no-prompt --v8-flags=--max-semi-space-size=4,--expose-gc,--heap-growing-percent=50";

/** What each task of the command line may do, unless whoever types it grants more. */
const permissions = {
  telling: "-R -E=MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
  planning: "-R -N -E=MLFLOW_*,PG*,HOME,USER,XDG_STATE_HOME,INIT_CWD,NO_COLOR",
  applying: "-RW -N -S=hostname -E=MLFLOW_*,PG*,HOME,USER,XDG_STATE_HOME,INIT_CWD,NO_COLOR",
  reviewing: "-R --allow-net=127.0.0.1 -E=MLFLOW_*,PG*,HOME,USER,XDG_STATE_HOME,INIT_CWD,NO_COLOR",
  carryingOut:
    "-RW --allow-net=127.0.0.1 -S=hostname -E=MLFLOW_*,PG*,HOME,USER,XDG_STATE_HOME,INIT_CWD,NO_COLOR",
  reporting: "-RW -N -E=MLFLOW_*,PG*,HOME,USER,XDG_STATE_HOME,INIT_CWD,NO_COLOR",
  examining:
    "-R -N -S=statfs -E=MLFLOW_*,PG*,HOME,USER,XDG_STATE_HOME,XDG_CONFIG_HOME,INIT_CWD,NO_COLOR",
  notifying: "-R -N -E=MLTIDY_*,MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
  writing: "-RW -E=MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
  scheduling: "-R -N -S=uid -E=MLFLOW_*,PG*,HOME,USER,XDG_*,DENO_DIR,INIT_CWD,NO_COLOR",
  installing: "-RW -N -S=uid -E=MLFLOW_*,PG*,HOME,USER,XDG_*,DENO_DIR,INIT_CWD,NO_COLOR",
  showing: "-RW -S=hostname -E=MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
  running:
    "-RW -N -S=hostname -E=MLFLOW_*,PG*,HOME,USER,XDG_STATE_HOME,INIT_CWD,NO_COLOR,LOGNAME,LNAME,USERNAME --allow-run",
} as const;

/** They name where things lie on this machine, and whether the root account asks. */
const scheduling = ["schedule"];
/** They write what those print. */
const installing = ["schedule:write"];
/** They look at no store. */
const telling = ["help", "show"];
/** Their store may be a database or a server that a host has; what they ask of a server only reads. */
const planning = [
  ...[
    "summary",
    "list",
    "verify",
    "prune",
    "cleanup",
    "repair",
    "move",
    "merge",
    "explain",
    "completions",
  ],
];
/** It shows a store to a browser on this machine, and reaches nothing else, unless its store is a host's. */
const reviewing = ["review"];
/** The same, which may change that store. */
const carryingOut = ["review:apply"];
/** It plans, and writes one file, which is not in the store. */
const reporting = ["report"];
/** It only looks, at the disk and at what was installed, too. */
const examining = ["doctor"];
/** It talks to hosts that a configuration names, so it changes nothing and looks at no store. */
const notifying = ["notify"];
/** They write files of their own and take no lock, which names this machine. */
const writing = ["config", "demo:store"];
/** The store that it changes is one of its own. */
const showing = ["demo"];

/** They run what the user names, which needs no name of ours, and note whose run it is. */
const running = ["run"];

const root = fromFileUrl(new URL("..", import.meta.url));
const files = ["mod.ts", ...listFiles("lib"), ...listFiles("tasks")];
const sources = files.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
const tests = listFiles("tests").filter((path) => path.endsWith("_test.ts"));
const imports = [...sources, ...tests].flatMap(importsOf);

function listFiles(folder: string): string[] {
  return [...Deno.readDirSync(join(root, folder))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return entry.name.startsWith(".") ? [] : listFiles(path);
    return [path];
  }).sort();
}

function read(path: string): string {
  return Deno.readTextFileSync(join(root, path));
}

/** The code without its comments, which `deno fmt` puts on lines of their own or after a space. */
function codeOf(path: string): string {
  return read(path).split("\n")
    .map((line) => /^\s*(\/\/|\/\*|\*)/.test(line) ? "" : line.replace(/\s\/\/ .*$/, ""))
    .join("\n");
}

function importsOf(by: string): Import[] {
  const code = codeOf(by);
  const statements = [
    ...code.matchAll(/^(?:import|export)\b([^"';]*)\bfrom "([^"]+)"/gm),
    ...code.matchAll(/\bimport(\()\s*"([^"]+)"/g),
    ...code.matchAll(/^import( )"([^"]+)"/gm),
  ];
  return statements.map(([, , specifier = ""]) => ({
    by,
    of: specifier.startsWith(".") ? join(by, "..", specifier).replaceAll("\\", "/") : specifier,
  }));
}

function isIn(path: string, places: Places): boolean {
  return places.some((place) =>
    place === path || /[/*]$/.test(place) && path.startsWith(place.replace(/\*$/, ""))
  );
}

function show({ by, of }: Import): string {
  return `${by} imports ${of}`;
}

function roomOf(path: string): string {
  return rooms.some(({ room }) => room === path) ? path : path.slice(0, path.lastIndexOf("/") + 1);
}

Deno.test("the house has files for its rules to hold", () => {
  assert(sources.length > 40 && tests.length > 20 && imports.length > 100);
  const used = new Set([...sources, ...sources.map(roomOf)]);
  const idle = rooms.flatMap(({ room, of }) =>
    [room, ...of].filter((place) => /^(lib|tasks)\//.test(place) && !used.has(place))
  );
  assertEquals(idle, []);
});

Deno.test("every file stands in a room that has a row", () => {
  const known = new Set(rooms.map(({ room }) => room));
  assertEquals(sources.filter((path) => !known.has(roomOf(path))), []);
});

Deno.test("every room stands in one row, above all that it may import", () => {
  const upwards = rooms.flatMap(({ room, of }, index) =>
    of.filter((place) => /^(lib|tasks)\//.test(place))
      .filter((place) => !rooms.slice(0, index).some((below) => below.room === roomOf(place)))
      .map((place) => `${room} may import ${place}`)
  );
  assertEquals(upwards, []);
  assertEquals(new Set(rooms.map(({ room }) => room)).size, rooms.length);
});

Deno.test("every file imports only what its room may", () => {
  const forbidden = imports.filter(({ by, of }) => {
    if (!sources.includes(by) || roomOf(by) === roomOf(of)) return false;
    const row = rooms.find(({ room }) => room === roomOf(by));
    const outside = row?.of.filter((place) => /^(@std\/|node:)/.test(place)) ?? [];
    return !row?.of.includes(roomOf(of)) && !row?.of.includes(of) &&
      !outside.some((place) => of === place || /[/:]$/.test(place) && of.startsWith(place));
  });
  assertEquals(forbidden.map(show), []);
});

Deno.test("no file imports, be it for types, what imports it", () => {
  const importedBy = Map.groupBy(imports, ({ by }) => by);
  const circles: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(" → "));
    if (done.has(path)) return;
    done.add(path);
    for (const { of } of importedBy.get(path) ?? []) walk(of, [...way, path]);
  };
  for (const path of sources) walk(path, []);
  assertEquals(circles, []);
});

Deno.test("no room is so full that its files cannot be taken in at a glance", () => {
  const full = [...Map.groupBy(files, (path) => path.slice(0, path.lastIndexOf("/") + 1))]
    .filter(([room, inIt]) => inIt.length > (room === "tasks/" ? MOST_TASKS : MOST_FILES))
    .map(([room, inIt]) => `${room} has ${inIt.length} files`);
  assertEquals(full, []);
});

Deno.test("an entry names what it gives", () => {
  const entries = Object.values(manifest.exports).map((entry) => entry.replace(/^\.\//, ""));
  assert(entries.every((entry) => sources.includes(entry)));
  const giveAll = entries.filter((entry) => /^export \*/m.test(codeOf(entry)));
  assertEquals(giveAll, []);
});

Deno.test("the core names no command and no flag: the command line puts them", () => {
  const speaking = sources.filter((path) =>
    isIn(path, ["lib/"]) && !isIn(path, ["lib/render/", "lib/schedule/"]) &&
    /\bdeno task\b|(?<![\w-])--[a-z]/.test(codeOf(path))
  );
  assertEquals(speaking, []);
});

Deno.test("a folder whose name begins with _ is imported only from inside its parent", () => {
  const forbidden = imports.filter(({ by, of }) => {
    const parent = /^(.*?)_[^/]*\//.exec(of)?.[1];
    return parent !== undefined && !by.startsWith(parent) && !by.startsWith("tests/");
  });
  assertEquals(forbidden.map(show), []);
});

Deno.test("only what changes the store of a server knows the requests that do", () => {
  const changing: Places = [
    "tasks/_server/client/changing_endpoints.ts",
    "tasks/_server/client/open_changing_client.ts",
  ];
  const may: Places = [
    ...["tasks/_server/change/", "tasks/_server/tracking/", "tests/"],
    "tasks/_server/client/open_changing_client.ts",
  ];
  const forbidden = imports.filter(({ by, of }) => isIn(of, changing) && !isIn(by, may));
  assertEquals(forbidden.map(show), []);
  // What a request is made of stands in the tables alone.
  const speaking = sources.filter((path) =>
    isIn(path, ["tasks/_server/"]) && /"\/?api\/\d|\bfetch\(/.test(codeOf(path))
  );
  assertEquals(speaking, [
    "tasks/_server/client/changing_endpoints.ts",
    "tasks/_server/client/connection.ts",
    "tasks/_server/client/endpoints.ts",
  ]);
});

Deno.test("some words are said in some places alone: no clock or chance in lib/, no listing that may be short", () => {
  const said = words.flatMap(({ word, in: places, only }) =>
    sources.filter((path) => isIn(path, places) && !isIn(path, only)).flatMap((path) =>
      codeOf(path).split("\n").flatMap((line, index) =>
        word.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []
      )
    )
  );
  assertEquals(said, []);
});

Deno.test("the standard library is imported under its own names", () => {
  const used = new Set(
    imports.map(({ of }) => of).filter((of) => /^@|^(npm|jsr|https?):/.test(of)),
  );
  assertEquals([...used].filter((of) => !standard.includes(of)), []);
  assertEquals(Object.keys(manifest.imports).filter((of) => of.startsWith("@")), standard);
});

Deno.test("no file of lib/ or tasks/ is longer than 400 lines", () => {
  const long = sources.map((path) => [path, read(path).split("\n").length - 1] as const)
    .filter(([, lines]) => lines > LONGEST_FILE);
  assertEquals(long, []);
});

Deno.test("every test mirrors the file that it tests", () => {
  const lonely = tests.filter((test) => {
    if (isIn(test, withoutMirror)) return false;
    const mirrored = test.replace(/_test\.ts$/, ".ts");
    return ![mirrored, mirrored.replace(/^tests\//, "")].some((path) =>
      sources.includes(path) || path.startsWith("tests/_support/") && exists(path)
    );
  });
  assertEquals(lonely, []);
});

function exists(path: string): boolean {
  try {
    return Deno.statSync(join(root, path)).isFile;
  } catch {
    return false;
  }
}

Deno.test("tests of the core freeze the snapshots that they build", () => {
  const builds = (path: string) =>
    isIn(path, ["tests/lib/"]) && /\b(snapshot|snapshotArbitrary)\(/.test(codeOf(path));
  const freezes = (path: string) =>
    imports.some(({ by, of }) => by === path && of === "tests/_support/deep_freeze.ts");
  assert(tests.some(builds));
  assertEquals(
    tests.filter((path) => builds(path) && !freezes(path)),
    [],
  );
});

Deno.test("planning tasks may only read files, none may reach the network that looks at no store of a host's, and none but run other programs", () => {
  const tasks = Object.entries(manifest.tasks)
    .filter(([, { command }]) => command.includes(" tasks/cli.ts "));
  const looking = { telling, planning, reviewing, reporting, examining };
  const kinds = {
    ...looking,
    carryingOut,
    notifying,
    writing,
    showing,
    running,
    scheduling,
    installing,
  };
  const named = Object.values(kinds).flat();
  assertEquals(named.filter((task) => !tasks.some(([name]) => name === task)), []);
  const kindOf = (task: string) =>
    (Object.keys(kinds) as (keyof typeof kinds)[]).find((kind) => kinds[kind].includes(task)) ??
      "applying";
  assertEquals(
    tasks.map((
      [name, { command }],
    ) => [name, /^deno run (?:--quiet )?(.*) tasks\/cli\.ts /.exec(command)?.[1]]),
    tasks.map(([name]) => {
      const common = ["reviewing", "carryingOut"].includes(kindOf(name))
        ? STAYING
        : ["summary", "list"].includes(name)
        ? COUNTING
        : COMMON;
      return [name, `${common} ${permissions[kindOf(name)]} $MLTIDY_GRANT`];
    }),
  );
});
