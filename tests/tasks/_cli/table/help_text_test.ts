import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { asInstalled } from "../../../../tasks/_cli/table/command_name.ts";
import { flagHelp, helpText, overviewText } from "../../../../tasks/_cli/table/help_text.ts";
import { taskNames } from "../../../../tasks/_cli/table/task_table.ts";

Deno.test("helpText() tells what a task does, how to call it and what to expect", () => {
  assertEquals(
    helpText("restore"),
    `\
Undo what was applied: bring back what a backup holds.

Usage: deno task restore [flags]
       deno task restore --last [flags]
       deno task restore ID [flags]

Examples:
  deno task restore                      list what can be undone
  deno task restore --last --dry-run     show what would come back
  deno task restore --last               undo the last apply
  deno task restore --last --list        show what it holds, run by run
  deno task restore --last --run RUN_ID  bring back a single run
  deno task restore ID --to /tmp/before  copy what it holds to another place

Argument:
  ID  The backup, as apply or backup named it, or the beginning of its ID

Flags:
      --last                Undo the newest change; copies are passed over, name
                            those by ID
      --list                Only show what the backup holds, run by run, as
                            backup --show does
      --experiment NAME|ID  Bring back only what belongs to this experiment; the
                            beginning of its ID will do
      --run NAME|ID         Bring back only this run, with its logged models;
                            the beginning of its ID will do
      --to DIR              Copy it there instead, under the paths of the store
      --backups DIR         Where backups lie, on any file system but not in the
                            store (default: as mltidy.yaml says, else
                            .mltidy.trash/backups in the store, or beside a
                            database)
      --report FILE         Write how the task ends, also when it fails; the
                            last 30 reports before stay
      --store DIR|URI       The store to look at (default: what
                            MLFLOW_TRACKING_URI names, else store of
                            mltidy.yaml, else ./mlruns, or ./mlflow.db alone)
      --no-config           Go by no mltidy.yaml, whatever lies there
      --json                Print one JSON document instead of text
  -n, --dry-run             Only show what would be done; nothing is changed
  -q, --quiet               Say nothing but the result and errors
  -h, --help                Show this help
  -V, --version             Show the version

Exit codes:
  0    Done, or nothing to do
  1    Unexpected failure, or no space left on the disk
  2    Wrong usage
  4    Applied in part: something failed, was skipped or was not run
  10   Store not found, or its permissions do not let the task work
  11   Store locked by another process
  12   Store of a kind or version that is not supported
  13   The plan or backup does not fit: stale, beyond a limit, of another store,
       damaged, or no plan
  130  Interrupted (143: ended by SIGTERM while it only read)

Permissions: May write.
`,
  );
});

Deno.test("no line of any help is wider than 80 columns, nor than a narrower terminal", () => {
  const texts = (
    columns: number,
  ) => [overviewText({ columns }), ...taskNames.map((task) => helpText(task, { columns }))];
  for (const columns of [60, 80, 200]) {
    const lines = texts(columns).flatMap((text) => text.split("\n"));
    assertEquals(
      lines.filter((line) => line.length > Math.min(columns, 80) && !isOneCommand(line)),
      [],
    );
  }
});

/** What is typed as it stands is not folded. */
function isOneCommand(line: string): boolean {
  return /^ {2}deno task \S/.test(line) && !line.slice(2).includes("  ") && line.length <= 80;
}

Deno.test("helpText() lines up what is typed by the names that commands have here", () => {
  assertStringIncludes(
    helpText("cleanup", { named: asInstalled }),
    `
  mltidy cleanup                               show the plan; nothing is changed
  mltidy cleanup --apply --backup --force      carry it out without asking
`,
  );
});

Deno.test("helpText() leaves out what only the commands in deno.json give", () => {
  assertEquals(flagHelp("cleanup").map(({ form }) => form), [
    "--experiment NAME|ID",
    "--exclude NAME|ID",
    "--run NAME|ID",
    "--days-old N",
    "--children follow|together|own",
    "--purge-after DURATION",
    "--undated keep|last-sign-of-life",
    "--settle DURATION",
    "--config FILE",
    "--compare FILE",
    "--max-share SHARE",
    "--max-runs N",
    "--at-most N",
    "--free SIZE",
    "--max-size SIZE",
    "--max-files N",
    "--first oldest|largest",
    "--sizes",
    "--format text|markdown",
    "--all",
    "--[no-]backup",
    "--backups DIR",
    "--force",
    "--detailed-exitcode",
    "--report FILE",
    "--store DIR|URI",
    "--no-config",
    "--json",
    "-n, --dry-run",
    "-q, --quiet",
    "-h, --help",
    "-V, --version",
  ]);
});

Deno.test("overviewText() names every task", () => {
  const text = overviewText();
  for (const task of taskNames) assertMatch(text, new RegExp(`\\n {2}(\\w+, )?${task}[ ,]`));
});

Deno.test("the menu fits on a screen of 80 columns and 24 lines, and says what every task does", () => {
  const lines = overviewText().trimEnd().split("\n");
  assertEquals(lines.filter((line) => line.length > 80), []);
  assert(lines.length <= 24, `${lines.length}`);
  assertEquals(
    taskNames.filter((name) =>
      !lines.some((line) => /^ {2}([\w:, ]+?) {2}/.exec(line)?.[1]?.split(", ").includes(name))
    ),
    [],
  );
});
