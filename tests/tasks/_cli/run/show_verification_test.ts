import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { plainCommand } from "../../../../lib/render/commands.ts";
import { asStorePath } from "../../../../lib/store/path.ts";
import { RULES } from "../../../../lib/verify/rules.ts";
import type { Finding } from "../../../../lib/verify/verify_snapshot.ts";
import {
  readVerifyOptions,
  showRules,
  showVerification,
} from "../../../../tasks/_cli/run/show_verification.ts";
import { ExitCode } from "../../../../tasks/_cli/table/exit_code.ts";
import { parseCommand } from "../../../../tasks/_cli/table/parse_command.ts";
import { UsageError } from "../../../../tasks/_cli/table/usage_error.ts";

function flagsOf(...words: readonly string[]) {
  const command = parseCommand(["verify", ...words]);
  if (command.task !== "verify") throw new TypeError("Expected the task verify");
  return command.options;
}

/** Prints into a text. */
function printer() {
  const texts: string[] = [];
  return { print: (text: string) => texts.push(text), style: {}, text: () => texts.join("") };
}

const FINDING: Finding = {
  rule: "metric-empty",
  severity: "error",
  path: asStorePath("1/a/metrics/loss"),
  line: null,
  experimentId: "1",
  runId: "a",
  message: "the metric has no line",
  remedy: null,
  versions: ["2.22", "3.17"],
};

Deno.test("readVerifyOptions() takes what was asked for, and nothing else", () => {
  assertEquals(readVerifyOptions(flagsOf()), { reader: { kind: "any" } });
  assertEquals(
    readVerifyOptions(
      flagsOf(
        "--mlflow",
        "2.22",
        "--rule",
        "metric-empty",
        "--experiment",
        "7",
        "--severity",
        "error",
      ),
    ),
    {
      reader: { kind: "mlflow", version: "2.22" },
      rule: "metric-empty",
      experiment: "7",
      severity: "error",
    },
  );
  assertEquals(readVerifyOptions(flagsOf("--for-migration")), { reader: { kind: "migration" } });
});

Deno.test("readVerifyOptions() refuses an unknown rule, and two readers at once", () => {
  const refused: Readonly<Record<string, readonly string[]>> = {
    'Unknown rule "metric-empt": did you mean metric-empty?': ["--rule", "metric-empt"],
    'Unknown rule "x": `deno task verify --rules` lists them': ["--rule", "x"],
    "Cannot use --mlflow and --for-migration together: choose one of them": [
      "--mlflow",
      "3.17",
      "--for-migration",
    ],
  };
  for (const [message, words] of Object.entries(refused)) {
    assertThrows(() => readVerifyOptions(flagsOf(...words)), UsageError, message);
  }
});

Deno.test("showRules() prints every rule, as text or as one JSON document", () => {
  const text = printer();
  assertEquals(showRules(flagsOf("--rules"), text), ExitCode.done);
  assertStringIncludes(text.text(), "metric-empty\n");
  const json = printer();
  showRules(flagsOf("--rules", "--json"), json);
  const { schema, rules } = JSON.parse(json.text());
  assertEquals([schema, rules.length], ["mltidy/rules/v1", RULES.length]);
  assertEquals(rules[0].in, { ...RULES[0]!.in });
});

Deno.test("showVerification() answers what was asked, and ends with 3 for an error", () => {
  const show = (words: readonly string[], passes: boolean | undefined, error: number) => {
    const out = printer();
    const findings = error === 0 ? [] : [FINDING];
    const { reader = { kind: "any" } } = readVerifyOptions(flagsOf(...words));
    const answer = passes === undefined ? {} : { passes };
    const schema = "mltidy/verify/v1";
    const result = { schema, reader, findings, counts: { error }, ...answer };
    const code = showVerification(result, { ...flagsOf(...words), command: plainCommand }, out);
    return [code, out.text().trimEnd().split("\n").at(-1)];
  };
  assertEquals(show([], undefined, 0), [ExitCode.done, "No findings."]);
  assertEquals(show([], undefined, 1), [ExitCode.findings, "1 error."]);
  assertEquals(show(["--mlflow", "3.17"], true, 0), [
    ExitCode.done,
    "MLflow 3.17 opens this store.",
  ]);
  assertEquals(show(["--mlflow", "2.22"], false, 1), [
    ExitCode.findings,
    "MLflow 2.22 does not open this store, because of 1 error.",
  ]);
  assertEquals(show(["--mlflow", "2.22", "--severity", "info"], false, 0), [
    ExitCode.findings,
    "MLflow 2.22 does not open this store.",
  ]);
  assertEquals(show(["--for-migration"], false, 1), [
    ExitCode.findings,
    "mlflow migrate-filestore stops, and migrates nothing, because of 1 error.",
  ]);
  assertEquals(show(["--for-migration"], true, 0), [
    ExitCode.done,
    "mlflow migrate-filestore gets through.",
  ]);
});

Deno.test("showVerification() prints one JSON document", () => {
  const out = printer();
  const reader = { kind: "any" } as const;
  const about = { schema: "mltidy/verify/v1", store: "/data/mlruns", reader };
  const result = { ...about, findings: [FINDING], counts: { error: 1 } };
  showVerification(result, { ...flagsOf("--json"), command: plainCommand }, out);
  assertEquals(JSON.parse(out.text()), {
    schema: "mltidy/verify/v1",
    store: "/data/mlruns",
    reader: { kind: "any" },
    findings: [{ ...FINDING }],
    counts: { error: 1 },
  });
});

Deno.test("showVerification() says that a host holds a store, but not all as it is, where it warns", () => {
  const shown = (...findings: Finding[]) => {
    const printed = printer();
    const code = showVerification(
      {
        schema: "mltidy/verification/v1",
        reader: { kind: "host", host: "windows" },
        findings,
        counts: { error: 0 },
        passes: true,
      },
      { ...flagsOf("--for", "windows"), command: plainCommand },
      printed,
    );
    return [code, printed.text().trimEnd().split("\n").at(-1)];
  };
  assertEquals(shown(), [ExitCode.done, "Windows holds all of this store."]);
  assertEquals(shown({ ...FINDING, rule: "symbolic-link", severity: "warning" }), [
    ExitCode.done,
    "Windows holds this store, but not all that is listed above as it is.",
  ]);
});
