import { assertEquals } from "@std/assert";
import { allowanceOf } from "../../../lib/plan/allowance.ts";
import { asExperimentId } from "../../../lib/store/path.ts";

const of = { experiment: asExperimentId("7"), name: "churn" };
const runs = { kind: "max-runs", removes: 1_200, limit: 1_000 } as const;
const shares = [
  { ...of, kind: "max-share", removes: 37, of: 40, limit: 0.5 },
  { ...of, kind: "max-share", removes: 58, of: 100, limit: 0.5 },
] as const;

Deno.test("allowanceOf() allows all at once, or nothing", () => {
  assertEquals(allowanceOf(shares), { maxShare: 93, maxRuns: null });
  assertEquals(allowanceOf([runs, ...shares]), { maxShare: 93, maxRuns: 1_200 });
  const emptied = { ...of, kind: "empties-protected", group: "cnn", removes: 2 } as const;
  assertEquals(allowanceOf([...shares, emptied]), null);
});
