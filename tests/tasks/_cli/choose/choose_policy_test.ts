import { assertEquals, assertThrows } from "@std/assert";
import { policyOf, readConfig } from "../../../../lib/policy/config.ts";
import {
  choosePolicy,
  daysOldText,
  NO_FLAGS,
} from "../../../../tasks/_cli/choose/choose_policy.ts";
import { UsageError } from "../../../../tasks/_cli/table/usage_error.ts";
import { DAY } from "../../../_support/builders.ts";

const CONFIG = readConfig(
  "retention: { keep_last: 3 }\npurge: { after: 7d }\nlimits: { max_share: 20%, max_runs: 9 }\n",
  "mltidy.yaml",
);

Deno.test("choosePolicy() goes by ages alone where there is no configuration", () => {
  const policy = { olderThan: 30 * DAY, purgeAfter: 30 * DAY, quarantineOrphans: true };
  assertEquals(choosePolicy(NO_FLAGS, null), { ...policy, settle: 600_000 });
  assertEquals(
    choosePolicy({ ...NO_FLAGS, daysOld: 90, purgeAfter: 0, settle: 1 }, null),
    { ...policy, olderThan: 90 * DAY, purgeAfter: 0, settle: 1 },
  );
});

Deno.test("choosePolicy() lets flags overrule the configuration", () => {
  assertEquals(choosePolicy(NO_FLAGS, CONFIG), policyOf(CONFIG));
  const flags = { ...NO_FLAGS, daysOld: 2, purgeAfter: DAY, maxShare: 1, maxRuns: 100 };
  const { retention, purgeAfter } = choosePolicy(flags, CONFIG);
  assertEquals(retention?.rules.map(({ keepLast, keepWithin }) => [keepLast, keepWithin]), [
    [3, 2 * DAY],
  ]);
  assertEquals(retention?.limits, { maxShare: 1, maxRuns: 100 });
  assertEquals(purgeAfter, DAY);
});

Deno.test("choosePolicy() gives a target by its flag, one at a time", () => {
  assertEquals(choosePolicy({ ...NO_FLAGS, free: 20 }, CONFIG).budget, {
    kind: "free",
    bytes: 20,
    first: "oldest",
  });
  assertEquals(choosePolicy({ ...NO_FLAGS, maxFiles: 9, first: "largest" }, null).budget, {
    kind: "max-files",
    files: 9,
    first: "largest",
  });
  assertEquals(choosePolicy({ ...NO_FLAGS, atMost: 5 }, null).budget, {
    kind: "at-most",
    count: 5,
    first: "oldest",
  });
  assertThrows(
    () => choosePolicy({ ...NO_FLAGS, free: 1, maxSize: 1 }, CONFIG),
    UsageError,
    "expected one of --at-most, --free, --max-size, --max-files",
  );
});

Deno.test("choosePolicy() refuses to raise a limit that no configuration sets", () => {
  assertThrows(
    () => choosePolicy({ ...NO_FLAGS, maxShare: 1 }, null),
    UsageError,
    "Cannot use --max-share: there is no mltidy.yaml",
  );
});

Deno.test("choosePolicy() refuses --days-old where a rule keeps for longer", () => {
  const config = readConfig("retention: { keep_within: 30d }\n", "mltidy.yaml");
  assertThrows(
    () => choosePolicy({ ...NO_FLAGS, daysOld: 7 }, config),
    UsageError,
    "Cannot use --days-old 7: mltidy.yaml keeps what ended within 30 d (keep_within of retention); change that there, or go by ages alone with --no-config",
  );
  const { retention } = choosePolicy({ ...NO_FLAGS, daysOld: 40 }, config);
  assertEquals(retention?.rules.map(({ keepWithin }) => keepWithin), [40 * DAY]);
});

Deno.test("daysOldText() says which rule decides where a flag meets a configuration", () => {
  assertEquals(
    daysOldText({ ...NO_FLAGS, daysOld: 40 }, CONFIG),
    "By --days-old each rule of mltidy.yaml keeps what ended within 40 d (keep_within); of what is older its other rules decide\n",
  );
  assertEquals(daysOldText(NO_FLAGS, CONFIG), "");
});

Deno.test("choosePolicy() takes what an undated deletion counts from from the flag, else from the configuration", () => {
  const config = readConfig("purge: { undated: last-sign-of-life }\n", "mltidy.yaml");
  const undatedOf = (undated: typeof NO_FLAGS.undated, file: typeof config | null) =>
    choosePolicy({ ...NO_FLAGS, undated }, file).undated;
  assertEquals(undatedOf(null, null), undefined);
  assertEquals(undatedOf("last-sign-of-life", null), "last-sign-of-life");
  assertEquals(undatedOf(null, config), "last-sign-of-life");
  assertEquals(undatedOf("keep", config), undefined);
});

Deno.test("choosePolicy() ties children to their parents as the flag says, in each rule", () => {
  const config = readConfig(
    "retention: { keep_last: 1 }\nrules: [{ experiments: a, children: own }]\n",
    "mltidy.yaml",
  );
  const childrenOf = (children: typeof NO_FLAGS.children) =>
    choosePolicy({ ...NO_FLAGS, children }, config).retention?.rules.map((rule) => rule.children);
  assertEquals(childrenOf(null), ["own", "follow"]);
  assertEquals(childrenOf("together"), ["together", "together"]);
  assertEquals(choosePolicy(NO_FLAGS, null).children, undefined);
  assertEquals(choosePolicy({ ...NO_FLAGS, children: "together" }, null).children, "together");
});
