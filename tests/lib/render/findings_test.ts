import { assertEquals } from "@std/assert";
import { findingsText, renderFindings } from "../../../lib/render/findings.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { byHand } from "../../../lib/verify/rule.ts";
import type { Finding } from "../../../lib/verify/verify_snapshot.ts";

function finding(
  severity: Finding["severity"],
  path: string,
  more: Partial<Finding> = {},
): Finding {
  return {
    rule: `${severity}-rule`,
    severity,
    path: asStorePath(path),
    line: null,
    experimentId: null,
    runId: null,
    message: "meta.yaml is missing",
    remedy: null,
    versions: ["2.22", "3.17"],
    ...more,
  };
}

Deno.test("renderFindings() groups by severity, rule and remedy, and counts", () => {
  const findings = [
    finding("info", "9"),
    finding("warning", "70e4", { remedy: byHand("Restore it from a backup") }),
    finding("error", "1/a", { rule: "b-rule", message: "bad\x1b[0m text" }),
    finding("warning", "5fbb", {
      remedy: { kind: "cleanup", does: "quarantine", or: "restore it" },
    }),
    finding("warning", "longer-name", { remedy: byHand("Restore it from a backup") }),
    finding("error", "2/b", { rule: "a-rule" }),
  ];
  assertEquals(
    renderFindings(findings),
    `\
error b-rule: 1
  1/a  bad\\x1b[0m text

error a-rule: 1
  2/b  meta.yaml is missing

warning warning-rule: 3
  70e4         meta.yaml is missing
  longer-name  meta.yaml is missing
  → Restore it from a backup
  5fbb  meta.yaml is missing
  → Run \`deno task cleanup\` to plan the quarantine of the orphan, or restore it

info info-rule: 1
  9  meta.yaml is missing

2 errors, 3 warnings, 1 info.
`,
  );
});

Deno.test("renderFindings() shows up to fifty findings of a rule", () => {
  const findings = Array.from({ length: 323 }, (_, index) => finding("error", `1/${index}`));
  const lines = renderFindings(findings).split("\n");
  assertEquals(lines.length, 1 + 50 + 1 + 1 + 1 + 1);
  assertEquals(lines.slice(50), [
    "  1/49  meta.yaml is missing",
    "  … and 273 more (--json lists them)",
    "",
    "323 errors.",
    "",
  ]);
});

Deno.test("renderFindings() begins with what is broken, where that is much", () => {
  const findings = (["error", "error", "warning", "info"] as const).flatMap((severity, index) =>
    Array.from(
      { length: 12 + index },
      (_, number) => finding(severity, `${index}/${number}`, { rule: `rule-${index}` }),
    )
  );
  const lines = renderFindings(findings).split("\n");
  assertEquals(lines.slice(0, 9), [
    "25 errors, 14 warnings, 15 info.",
    "  error    13  rule-1",
    "  error    12  rule-0",
    "  warning  14  rule-2",
    "  info     15  rule-3",
    "",
    "error rule-0: 12",
    "  0/0  meta.yaml is missing",
    "  0/1  meta.yaml is missing",
  ]);
  assertEquals(lines[17], "  … and 2 more (--json lists them)");
});

Deno.test("renderFindings() colours severities only where it may", () => {
  assertEquals(
    renderFindings([finding("error", "1")], { color: true }),
    "\x1b[31merror\x1b[39m \x1b[1merror-rule\x1b[22m: 1\n  1  meta.yaml is missing\n\n" +
      "\x1b[1m1 error.\x1b[22m\n",
  );
});

Deno.test("findingsText() leaves out what there is none of", () => {
  assertEquals(
    [
      { error: 0, warning: 0, info: 0 },
      { error: 1, warning: 0, info: 0 },
      { error: 0, warning: 1_200, info: 3 },
    ].map(findingsText),
    ["No findings", "1 error", "1,200 warnings, 3 info"],
  );
});
