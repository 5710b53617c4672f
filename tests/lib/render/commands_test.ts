import { assertEquals } from "@std/assert";
import {
  allowingFlags,
  findingDocument,
  reasonWithCommand,
  remedyText,
  typedChange,
} from "../../../lib/render/commands.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { REPAIR } from "../../../lib/verify/rule.ts";

Deno.test("remedyText() names the command that plans a remedy, or what an owner does", () => {
  assertEquals(
    [
      REPAIR,
      { kind: "repair", relocate: true } as const,
      { kind: "cleanup", does: "quarantine", or: "restore it" } as const,
      { kind: "cleanup", does: "purge", or: "restore it in MLflow" } as const,
      {
        kind: "cleanup",
        does: "purge",
        or: "restore it in MLflow",
        experimentId: "7",
      } as const,
      { kind: "restore", experimentId: "0", or: "name another one" } as const,
      { kind: "by-hand", text: "Remove the link" } as const,
      {
        kind: "separate",
        moves: ["0", "1", "2", "3", "4", "5", "6"].map(asStorePath),
        to: "/work/mlruns",
      } as const,
      null,
    ].map((remedy) => remedyText(remedy)),
    [
      "Run `deno task repair` to plan its repair",
      "Run `deno task repair --relocate` to plan its repair",
      "Run `deno task cleanup` to plan the quarantine of the orphan, or restore it",
      "Purge the experiment with `deno task cleanup`, or restore it in MLflow",
      "Purge the experiment with `deno task cleanup --experiment 7 --purge-after 0d`, or restore it in MLflow",
      "Restore it with `mlflow experiments restore --experiment-id 0`, or name another one",
      "Remove the link",
      "Give MLflow a directory of its own: move 0, 1, 2, 3, 4 and 2 more experiments into a new " +
      "directory mlruns in this one, then run `deno task repair --relocate --store /work/mlruns`, " +
      "and start MLflow with that directory",
      null,
    ],
  );
});

Deno.test("reasonWithCommand() puts the command behind the choice that it carries out", () => {
  const choice = { kind: "needs-choice", message: "it is lost", choices: ["wait", "go"] } as const;
  assertEquals(reasonWithCommand(choice), "it is lost: wait, or go");
  assertEquals(
    (["cleanup", "repair", "relocation", "restoration"] as const)
      .map((by) =>
        reasonWithCommand({ ...choice, by }).replace("it is lost: wait, or go with ", "")
      ),
    [
      "`deno task cleanup`",
      "`deno task repair`",
      "`deno task repair --relocate`",
      "`mlflow experiments restore --experiment-id 0`",
    ],
  );
});

Deno.test("reasonWithCommand() names the former root that must be told, as it is typed", () => {
  const choice = { kind: "needs-choice", message: "it moved", choices: ["go"] } as const;
  assertEquals(
    reasonWithCommand({ ...choice, by: "relocation", from: "/old runs" }),
    "it moved: go with `deno task repair --relocate --from '/old runs'`",
  );
});

Deno.test("allowingFlags() names each limit that is to be lifted", () => {
  assertEquals(allowingFlags({ maxShare: 93, maxRuns: 1_200 }), "--max-share 93% --max-runs 1200");
  assertEquals(allowingFlags({ maxShare: null, maxRuns: 7 }), "--max-runs 7");
  assertEquals(allowingFlags(null), "");
});

Deno.test("typedChange() names flags where there is no file", () => {
  const change = { from: "1d", to: "2.5d" };
  const typed = (rule: string | null, key: string) => typedChange({ ...change, rule, key });
  assertEquals(typed(null, "olderThan"), { rule: null, key: "--days-old", from: "1", to: "2.5" });
  assertEquals(typed(null, "purgeAfter"), { ...change, rule: null, key: "--purge-after" });
  assertEquals(typed("purge", "after"), { ...change, rule: "purge", key: "after" });
});

Deno.test("findingDocument() has the remedy in words", () => {
  const finding = {
    rule: "metric-empty",
    severity: "error",
    path: asStorePath("1/metrics/f1"),
    line: null,
    experimentId: "1",
    runId: null,
    message: "It is empty",
    versions: [],
  } as const;
  assertEquals(
    findingDocument({ ...finding, remedy: REPAIR }),
    { ...finding, remedy: "Run `deno task repair` to plan its repair" },
  );
});
