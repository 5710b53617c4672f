import { assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { type BackupContents, resolveSelection } from "../../../lib/backup/resolve_selection.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const RUNS = ["3a7bb81", "3a7bb82", "3a7bb83", "3a7bb84", "3a7bb85", "3a7bb86", "ffffff1"];
const CONTENTS: BackupContents = deepFreeze({
  experiments: [
    { id: "420101650667246494", name: "churn" },
    { id: "420101650667246495", name: "twin" },
    { id: "7", name: "twin" },
  ],
  runs: RUNS.map((id) => ({ id })),
});

Deno.test("resolveSelection() takes a name, an id or the beginning of one, and leaves what is not there", () => {
  const pairs = [
    ["churn", "420101650667246494"],
    ["7", "7"],
    ["420101650667246495", "420101650667246495"],
    ["other", "other"],
  ] as const;
  for (const [experiment, id] of pairs) {
    assertEquals(resolveSelection({ experiment }, CONTENTS), { experiment: id });
  }
  assertEquals(resolveSelection({ experiment: "churn", run: "ffffff" }, CONTENTS), {
    experiment: "420101650667246494",
    run: "ffffff1",
  });
  assertEquals(resolveSelection({}, CONTENTS), {});
});

Deno.test("resolveSelection() names a sample of those that may be meant", () => {
  const complaint = (run: string) =>
    assertThrows(() => resolveSelection({ run }, CONTENTS), InvalidArgumentError).message;
  assertEquals(
    complaint("3a7bb8"),
    'Cannot tell which run "3a7bb8" is: expected one of 3a7bb81, 3a7bb82, 3a7bb83, 3a7bb84, 3a7bb85 and 1 more',
  );
  assertThrows(
    () => resolveSelection({ experiment: "twin" }, CONTENTS),
    InvalidArgumentError,
    'Cannot tell which experiment "twin" is: expected one of 420101650667246495, 7',
  );
});
