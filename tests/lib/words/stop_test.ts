import { assertEquals } from "@std/assert";
import { asExperimentId } from "../../../lib/store/path.ts";
import { stopText } from "../../../lib/words/stop.ts";

const experiment = asExperimentId("7");
const share = { kind: "max-share", experiment, name: "churn" } as const;
const runs = { kind: "max-runs", removes: 1_200, limit: 1_000 } as const;
const emptied = { kind: "empties-protected", experiment, name: "churn", group: "cnn" } as const;

Deno.test("stopText() names what is too much, and the limit as it was written", () => {
  assertEquals(
    stopText({ ...share, removes: 37, of: 40, limit: 0.5 }),
    "it removes 37 of 40 runs of experiment churn (7), and max_share is 50%",
  );
  assertEquals(
    stopText({ ...share, removes: 50, of: 100, limit: 0.499 }),
    "it removes 50 of 100 runs of experiment churn (7), and max_share is 49.9%",
  );
  assertEquals(
    stopText({
      kind: "database-unreadable",
      database: "/data/mlflow.db",
      message: "it is damaged",
    }),
    "database /data/mlflow.db, which may refer to what goes, cannot be read: it is damaged",
  );
  assertEquals(stopText(runs), "it removes 1,200 runs, and max_runs is 1,000");
  assertEquals(
    stopText({ ...emptied, removes: 2 }),
    'it removes all 2 runs of group "cnn" of experiment churn (7), which protect.experiments names; let the policy keep one of them',
  );
});
