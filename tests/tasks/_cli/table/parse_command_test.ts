import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "../../../_support/fast_check.ts";
import {
  type Command,
  overruledText,
  parseCommand,
} from "../../../../tasks/_cli/table/parse_command.ts";
import { taskNames } from "../../../../tasks/_cli/table/task_table.ts";
import { UsageError } from "../../../../tasks/_cli/table/usage_error.ts";
import { unicodeText } from "../../../_support/unicode_text.ts";

const STORE_DEFAULTS = {
  store: null,
  noConfig: false,
  json: false,
  dryRun: false,
  quiet: false,
  help: false,
  version: false,
};
const SELECTION_DEFAULTS = { experiment: null, exclude: null, run: null };
const CLEANUP_DEFAULTS = {
  ...SELECTION_DEFAULTS,
  daysOld: null,
  children: null,
  purgeAfter: null,
  undated: null,
  settle: null,
  config: null,
  compare: null,
  maxShare: null,
  maxRuns: null,
  free: null,
  maxSize: null,
  maxFiles: null,
  atMost: null,
  first: "oldest" as const,
  sizes: false,
  format: "text" as const,
  all: false,
  backup: true,
  backups: null,
  force: false,
  detailedExitcode: false,
  report: null,
  apply: false,
  ...STORE_DEFAULTS,
};

function parse(line: string): Command {
  return parseCommand(line.split(" ").filter((word) => word !== ""));
}

/** What the parser says of a wrong command line. */
function complaint(...words: readonly string[]): string {
  return assertThrows(() => parseCommand(words), UsageError).message;
}

Deno.test("parseCommand() knows what flags are called elsewhere, where the task has one for it", () => {
  const cases = [
    ["summary", "--mlruns-path", "--store"],
    ["cleanup", "--tracking-uri", "--store"],
    ["cleanup", "--backup-dir", "--backups"],
    ["cleanup", "--older-than", "--purge-after"],
    ["prune", "--older-than", "--days-old"],
    ["cleanup", "--yes", "--force"],
    ["restore", "--run-id", "--run"],
    ["cleanup", "--sotre", "--store"],
  ] as const;
  for (const [task, typed, meant] of cases) {
    assertEquals(
      complaint(task, typed, "x"),
      `Unknown flag "${typed}" for ${task}: did you mean ${meant}?`,
    );
  }
  assertEquals(
    complaint("summary", "--yes"),
    `Unknown flag "--yes" for summary: see deno task summary --help`,
  );
});

Deno.test("overruledText() tells which of several values counts, and nothing of the same one twice", () => {
  const words = ["cleanup", "--days-old", "90", "--backup", "--days-old=30", "--no-backup", "-q"];
  const counts = (flag: string, value: string) =>
    `${flag} was given more than once: ${value} counts, which stands last\n`;
  assertEquals(
    overruledText(words),
    counts("--days-old", "30") + counts("--backup", "--no-backup"),
  );
  const { options } = parseCommand(words) as Extract<Command, { task: "cleanup" }>;
  assertEquals([options.daysOld, options.backup], [30, false]);
  assertEquals(overruledText(["cleanup", "--force", "--force", "--store", "x", "--store=x"]), "");
  assertEquals(overruledText(["restore", "--store=x", "--", "--store"]), "");
});

Deno.test("parseCommand() asks restore of a part for which change it is a part", () => {
  for (const [flag, value] of [["run", "1"], ["experiment", "1"], ["to", "x"]] as const) {
    assertEquals(
      complaint("restore", `--${flag}`, value),
      `Cannot use --${flag} alone: expected --last or a backup's ID beside it; see deno task restore --help`,
    );
    parseCommand(["restore", "--last", `--${flag}`, value]);
    parseCommand(["restore", "b-1", `--${flag}`, value]);
  }
});

Deno.test("parseCommand() gives every option of a task its default", () => {
  assertEquals<Command>(parse("cleanup"), {
    task: "cleanup",
    options: CLEANUP_DEFAULTS,
    operand: null,
  });
  assertEquals<Command>(parse("summary"), {
    task: "summary",
    options: {
      ...{ sizes: false, top: null, by: "runs", metric: null, config: null },
      ...SELECTION_DEFAULTS,
      ...STORE_DEFAULTS,
    },
    operand: null,
  });
});

Deno.test("parseCommand() reads values behind a space and behind an equals sign", () => {
  const expected: Command = {
    task: "cleanup",
    options: {
      ...CLEANUP_DEFAULTS,
      daysOld: 90.5,
      purgeAfter: 43_200_000,
      store: "a=b",
      backup: false,
      force: true,
      apply: true,
    },
    operand: null,
  };
  assertEquals(
    parse("cleanup --days-old 90.5 --purge-after 12h --store a=b --no-backup --force --apply"),
    expected,
  );
  assertEquals(
    parse("cleanup --days-old=90.5 --purge-after=12h --store=a=b --no-backup --force --apply"),
    expected,
  );
});

Deno.test("parseCommand() lets the last of repeated flags count", () => {
  assertEquals<Command>(parse("cleanup --days-old 1 --no-backup --days-old 2 --backup"), {
    task: "cleanup",
    options: { ...CLEANUP_DEFAULTS, daysOld: 2 },
    operand: null,
  });
});

Deno.test("parseCommand() gives the operand, also one with a leading dash behind --", () => {
  const plain = { all: false, backup: true, backups: null, report: null };
  const options = {
    whatStillHolds: false,
    config: null,
    ...plain,
    force: true,
    ...STORE_DEFAULTS,
  };
  assertEquals<Command>(parse("apply plan.json --force"), {
    task: "apply",
    options,
    operand: "plan.json",
  });
  assertEquals<Command>(parse("apply --force -- -plan.json"), {
    task: "apply",
    options,
    operand: "-plan.json",
  });
  assertEquals<Command>(parse("restore 20260101"), {
    task: "restore",
    options: {
      last: false,
      list: false,
      experiment: null,
      run: null,
      to: null,
      backups: null,
      report: null,
      ...STORE_DEFAULTS,
    },
    operand: "20260101",
  });
});

Deno.test("parseCommand() gives help of a task, also where its operand is missing", () => {
  assertEquals<Command>(parse("apply --help"), { task: "help", about: "apply" });
  assertEquals<Command>(parse("apply -h"), { task: "help", about: "apply" });
});

Deno.test("parseCommand() gives the overview when no task is named", () => {
  for (const line of ["", "help", "--help", "-h"]) {
    assertEquals<Command>(parse(line), { task: "help", about: null });
  }
});

Deno.test("parseCommand() gives the version with and without a task", () => {
  for (const line of ["--version", "-V", "summary --version"]) {
    assertEquals<Command>(parse(line), { task: "version" });
  }
});

Deno.test("parseCommand() names the nearest flag for an unknown one", () => {
  assertEquals(
    complaint("cleanup", "--day-old", "30"),
    'Unknown flag "--day-old" for cleanup: did you mean --days-old?',
  );
  assertEquals(
    complaint("cleanup", "--no-bakup"),
    'Unknown flag "--no-bakup" for cleanup: did you mean --no-backup?',
  );
  assertEquals(
    complaint("cleanup", "--days=30"),
    'Unknown flag "--days" for cleanup: did you mean --days-old?',
  );
  assertEquals(
    complaint("cleanup", "--sotre", "x"),
    'Unknown flag "--sotre" for cleanup: did you mean --store?',
  );
  assertEquals(
    complaint("cleanup", "--action", "list"),
    'Unknown flag "--action" for cleanup: what is to be done is the task\'s name: `deno task summary` lists, `deno task cleanup` plans',
  );
  assertEquals(
    complaint("cleanup", "--workspace", "7"),
    'Unknown flag "--workspace" for cleanup: see deno task cleanup --help',
  );
});

Deno.test("parseCommand() takes -n and --dry-run for every task, and suggests nothing that turns off for less", () => {
  for (const task of taskNames) {
    const operand = task === "run"
      ? ["--experiment", "x", "--", "y"]
      : ["apply", "show", "pin", "unpin", "explain", "demo:store"].includes(task)
      ? ["x"]
      : [];
    for (const flag of ["-n", "--dry-run"]) {
      const command = parseCommand([task, flag, ...operand]);
      assert("options" in command && command.options.dryRun, `${task} ${flag}`);
    }
    for (
      const [typed, meant] of [["--n", "-n"], ["--dry", "--dry-run"], ["-dry-run", "--dry-run"]]
    ) {
      assertEquals(
        complaint(task, typed!, ...operand),
        `Unknown flag "${typed}" for ${task}: did you mean ${meant}?`,
      );
    }
    assertEquals(complaint(task, "--no", ...operand).includes("--no-"), false);
  }
});

Deno.test("parseCommand() refuses a flag of another task", () => {
  assertEquals(
    complaint("verify", "--days-old", "30"),
    'Unknown flag "--days-old" for verify: see deno task verify --help',
  );
});

Deno.test("parseCommand() never suggests a hidden flag", () => {
  assertEquals(
    complaint("cleanup", "--aply"),
    'Unknown flag "--aply" for cleanup: see deno task cleanup --help',
  );
});

Deno.test("parseCommand() refuses a switch with a value and a switch that has no negation", () => {
  assertEquals(
    complaint("cleanup", "--force=no"),
    'Cannot use "--force=no": --force takes no value; type --force or nothing',
  );
  assertEquals(
    complaint("cleanup", "--no-backup=true"),
    'Cannot use "--no-backup=true": --no-backup takes no value; type --backup or --no-backup',
  );
  assertEquals(
    complaint("cleanup", "--no-force"),
    'Unknown flag "--no-force" for cleanup: see deno task cleanup --help',
  );
  assertEquals(
    complaint("cleanup", "--no-days-old=5"),
    'Unknown flag "--no-days-old" for cleanup: see deno task cleanup --help',
  );
});

Deno.test("parseCommand() says which value is missing", () => {
  const expected =
    "Missing value of --days-old: expected --days-old N; see deno task cleanup --help";
  assertEquals(complaint("cleanup", "--days-old"), expected);
  assertEquals(complaint("cleanup", "--days-old="), expected);
  assertEquals(complaint("cleanup", "--days-old", ""), expected);
  assertEquals(complaint("cleanup", "--days-old", "--force"), expected);
});

Deno.test("parseCommand() takes days with and without their unit", () => {
  const daysOf = (text: string) => {
    const command = parse(`cleanup --days-old ${text}`);
    return command.task === "cleanup" ? command.options.daysOld : null;
  };
  assertEquals(["7", "7d", "0.5", "12h", "1d12h"].map(daysOf), [7, 7, 0.5, 0.5, 1.5]);
});

Deno.test("parseCommand() says what it expects of a value that does not parse", () => {
  for (const days of ["-5", "NaN", "Infinity", "1e3", "0x10", "3,5", " 3", ".", "thirty"]) {
    assertEquals(
      complaint("cleanup", "--days-old", days),
      `Cannot use "${days}" for --days-old: expected a number of days, 0 or more`,
    );
  }
  assertEquals(
    complaint("cleanup", "--settle", "soon"),
    'Cannot use "soon" for --settle: expected a duration such as 30d, 12h or 10m',
  );
  assertEquals(
    complaint("summary", "--top", "0"),
    'Cannot use "0" for --top: expected a whole number, 1 or more',
  );
  assertEquals(
    complaint("summary", "--by", "name"),
    'Cannot use "name" for --by: expected size or runs',
  );
  assertEquals(
    complaint("demo:store", "example", "--now", "yesterday"),
    'Cannot use "yesterday" for --now: expected a moment such as 2026-01-31T12:00:00Z',
  );
});

Deno.test("parseCommand() refuses missing and unexpected arguments", () => {
  assertEquals(
    complaint("apply"),
    "Missing argument of apply: expected deno task apply PLAN.json",
  );
  assertEquals(
    complaint("cleanup", "mlruns"),
    'Unexpected argument "mlruns" of cleanup: a store is named by --store: type `deno task cleanup --store mlruns`',
  );
  assertEquals(
    complaint("cleanup", "--apply", "--days-old", "9", "my runs"),
    "Unexpected argument \"my runs\" of cleanup: a store is named by --store: type `deno task cleanup:apply --days-old 9 --store 'my runs'`",
  );
  assertEquals(
    complaint("cleanup", "--days-old", "9", "40"),
    'Unexpected argument "40" of cleanup: --days-old has a value already; leave it out, or see deno task cleanup --help',
  );
  assertEquals(
    complaint("recover", "--store", "a", "b"),
    'Unexpected argument "b" of recover: --store has a value already; leave it out, or see deno task recover --help',
  );
  assertEquals(
    complaint("apply", "a.json", "b.json"),
    'Unexpected argument "b.json" of apply: see deno task apply --help',
  );
});

Deno.test("parseCommand() says behind which flag belongs what stands where no argument does", () => {
  const cases = [
    [["report", "out.html", "--sizes"], "html", "deno task report --sizes --html out.html"],
    [["config", "own.yml"], "config", "deno task config --config own.yml"],
    [["cleanup", "--apply", "40d"], "days-old", "deno task cleanup:apply --days-old 40d"],
    [["summary", "--top", "5", "size"], "by", "deno task summary --top 5 --by size"],
    [["demo", "sqlite"], "kind", "deno task demo --kind sqlite"],
    [["verify", "error"], "severity", "deno task verify --severity error"],
    [["review", "9000"], "port", "deno task review --port 9000"],
    [["schedule", "monday"], "every", "deno task schedule --every monday"],
    [
      ["schedule", "--write", "units", "4:00"],
      "at",
      "deno task schedule:write units --at 4:00",
    ],
  ] as const;
  for (const [words, flag, command] of cases) {
    const argument = words.find((word) => command.endsWith(` ${word}`));
    assertEquals(
      complaint(...words),
      `Unexpected argument "${argument}" of ${
        words[0]
      }: expected it behind --${flag}: type \`${command}\``,
    );
  }
  assertEquals(
    complaint("demo", "example"),
    'Unexpected argument "example" of demo: see deno task demo --help',
  );
});

Deno.test("parseCommand() takes no database for the directory of the example store", () => {
  const cases = [
    [["x.db"], "--kind sqlite x"],
    [["--kind", "sqlite", "/tmp/my runs.sqlite3"], "--kind sqlite '/tmp/my runs'"],
    [["sqlite:///a/mlflow.db"], "--kind sqlite a"],
    [["sqlite:////a/b.db"], "--kind sqlite /a/b"],
    [["mlflow.db"], "--kind sqlite example"],
  ] as const;
  for (const [words, meant] of cases) {
    assertEquals(
      complaint("demo:store", ...words),
      `Cannot use "${
        words.at(-1)
      }" for DIR of demo:store: expected a directory, into which mlflow.db and mlruns/ are written; type \`deno task demo:store ${meant}\``,
    );
  }
  assertEquals(
    complaint("demo:store", "file:///tmp/x"),
    'Cannot use "file:///tmp/x" for DIR of demo:store: expected a directory; type `deno task demo:store /tmp/x`',
  );
  const { operand } = parse("demo:store runs.d/a.b") as Extract<Command, { task: "demo:store" }>;
  assertEquals(operand, "runs.d/a.b");
});

Deno.test("parseCommand() wants a backup's ID or --last to restore, not both", () => {
  const expected =
    "Cannot tell what to restore: expected either --last or a backup's ID; see deno task restore --help";
  assertEquals(complaint("restore", "--last", "20260101"), expected);
});

Deno.test("parseCommand() reads which backups may go, by age or by name", () => {
  const expireOf = (line: string) => {
    const command = parse(line);
    return command.task === "backup" ? command.options.expire : null;
  };
  assertEquals(expireOf("backup --expire 90d --keep-last 3"), { olderThan: 90 * 86_400_000 });
  assertEquals(expireOf("backup --expire 20261101T000000Z-backup --dry-run"), {
    id: "20261101T000000Z-backup",
  });
  assertEquals(expireOf("backup --expire due --keep-last 3"), { due: true });
  assertEquals(expireOf("backup"), null);
  assertEquals(
    complaint("backup", "--expire", "soon"),
    'Cannot use "soon" for --expire: expected an age such as 90d, a backup\'s ID, or due',
  );
});

Deno.test("parseCommand() refuses flags of backup that make no sense together", () => {
  const refusals: readonly (readonly [line: string, message: string])[] = [
    ["--list --verify", "Cannot use --list and --verify: they are different jobs"],
    [
      "--run 1 --metadata",
      "Cannot use --run and --metadata: they are different parts of the store",
    ],
    ["--list --run 1", "Cannot use --list and --run: the first copies nothing"],
    ["--list --keep-last 2", "Cannot use --keep-last: expected --expire beside it"],
    [
      "--expire 20261101T000000Z-backup --keep-last 2",
      "Cannot use --keep-last: a backup that is named goes whatever else there is",
    ],
    ["x", 'Unexpected argument "x" of backup: expected it behind --verify'],
  ];
  for (const [line, message] of refusals) {
    assertEquals(
      complaint("backup", ...line.split(" ")),
      `${message}; see deno task backup --help`,
    );
  }
  assertEquals(parse("backup --verify x").task, "backup");
});

Deno.test("parseCommand() names the nearest task for an unknown one", () => {
  const tasks = taskNames.join(", ");
  assertEquals(complaint("clenup"), 'Unknown task "clenup": did you mean cleanup?');
  assertEquals(complaint("list"), 'Unknown task "list": did you mean summary?');
  assertEquals(complaint("undo"), 'Unknown task "undo": did you mean restore?');
  for (const command of ["cleanup:apply", "prune:apply", "repair:apply", "schedule:write"]) {
    assertEquals(complaint(command), `Unknown task "${command}": type \`deno task ${command}\``);
  }
  assertEquals(complaint("verify:apply")?.startsWith('Unknown task "verify:apply"'), true);
  assertEquals(complaint("xyz"), `Unknown task "xyz": expected one of ${tasks}`);
  assertEquals(
    complaint("--store", "x"),
    `Missing task before "--store": expected one of ${tasks}`,
  );
  const action =
    "what is to be done is the task's name: `deno task summary` lists, `deno task cleanup` plans";
  assertEquals(complaint("--action", "list"), `Unknown flag "--action": ${action}`);
  assertEquals(complaint("--action=list"), `Unknown flag "--action=list": ${action}`);
  assertEquals(
    complaint("cleanup", "--action=list"),
    `Unknown flag "--action" for cleanup: ${action}`,
  );
});

Deno.test("parseCommand() gives a command or a usage error, whatever is typed", () => {
  const word = fc.oneof(
    unicodeText(),
    fc.constantFrom(
      "--",
      "-",
      "--_",
      "--__proto__",
      "--constructor=1",
      "--days-old",
      "--no-backup",
      "30",
      "--last",
    ),
  );
  fc.assert(fc.property(fc.constantFrom(...taskNames), fc.array(word), (task, words) => {
    try {
      const command = parseCommand([task, ...words]);
      assert([task, "help", "version"].includes(command.task));
    } catch (error) {
      assertInstanceOf(error, UsageError);
    }
  }));
});

const RUN_DEFAULTS = {
  experiment: null,
  name: null,
  strict: false,
  store: null,
  noConfig: false,
  report: null,
  dryRun: false,
  quiet: false,
  help: false,
  version: false,
};

Deno.test("parseCommand() leaves to a program all that stands behind --, as it is", () => {
  const program = ["python", "a b.py", "--help", "--store", "x", "--", "-n", ""];
  assertEquals<Command>(
    parseCommand(["run", "--experiment", "churn", "--name=기준", "--strict", "--", ...program]),
    {
      task: "run",
      options: { ...RUN_DEFAULTS, experiment: "churn", name: "기준", strict: true },
      operand: program,
    },
  );
  assertEquals<Command>(parse("run --help"), { task: "help", about: "run" });
  assertEquals<Command>(parse("run --experiment churn -- python --help"), {
    task: "run",
    options: { ...RUN_DEFAULTS, experiment: "churn" },
    operand: ["python", "--help"],
  });
});

Deno.test("parseCommand() says where -- belongs, and what else a program needs", () => {
  assertEquals(
    complaint("run", "--experiment", "churn", "x", "--", "python"),
    'Unexpected argument "x" of run: expected the program behind --; see deno task run --help',
  );
  const example = "expected deno task run --experiment NAME -- python train.py";
  assertEquals(
    complaint("run", "--experiment", "a b", "-q", "python", "train.py", "--password=secret"),
    `Missing -- before python: ${example}`,
  );
  assertEquals(complaint("run", "--", "python"), `Missing --experiment of run: ${example}`);
  assertEquals(complaint("run", "--experiment", "churn"), `Missing program of run: ${example}`);
  assertEquals(complaint("run", "--experiment", "c", "--"), `Missing program of run: ${example}`);
  assertEquals(
    complaint("run", "--experimnt", "churn", "--", "python"),
    'Unknown flag "--experimnt" for run: did you mean --experiment?',
  );
});
