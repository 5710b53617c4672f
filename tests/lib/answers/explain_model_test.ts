import { assertEquals } from "@std/assert";
import { explainModel, findModels } from "../../../lib/answers/explain_model.ts";
import { policyOfAges } from "../../../lib/policy/policy.ts";
import { renderExplanation } from "../../../lib/render/explanation.ts";
import { experiment, loggedModel, NOW, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const id = (number: number) => `m-${runId(number)}`;
const deleted = { lifecycleStage: "deleted" } as const;
const STORE = deepFreeze(snapshot({
  experiments: [
    experiment({
      id: "7",
      name: "churn",
      runs: [run({ id: runId(1) })],
      loggedModels: [
        loggedModel({ experimentId: "7", id: id(1), name: "forest", sourceRunId: runId(1) }),
        loggedModel({ experimentId: "7", id: id(2), name: "left", sourceRunId: runId(9) }),
        loggedModel({ experimentId: "7", id: `m-f${runId(3).slice(1)}`, name: "gone", ...deleted }),
      ],
    }),
    experiment({
      id: "8",
      ...deleted,
      loggedModels: [loggedModel({ experimentId: "8", id: id(4) })],
    }),
  ],
}));

function explained(text: string, kinds?: ReadonlySet<"soft-delete-run">) {
  return findModels(STORE, text).map(({ path }) =>
    explainModel(STORE, policyOfAges(), { path, now: NOW, kinds })
  );
}

Deno.test("findModels() takes an id, its beginning, a name, or a model behind its experiment", () => {
  const found = (text: string) => findModels(STORE, text).map(({ name }) => name);
  assertEquals(found(id(1)), ["forest"]);
  assertEquals(found("m-f000"), ["gone"]);
  assertEquals(found("left"), ["left"]);
  for (const text of [`7/${id(2)}`, `7/models/${id(2)}`, `7/${id(2)}…`]) {
    assertEquals(found(text), ["left"], text);
  }
  assertEquals(found("7/m-0000").length, 2);
  assertEquals(found("m-000"), []);
});

Deno.test("explainModel() tells why a model stays or goes, as the plan does", () => {
  const told = (text: string, kinds?: ReadonlySet<"soft-delete-run">) =>
    explained(text, kinds).map(({ verdict, reasons }) => [
      verdict,
      reasons.map(({ kind }) => kind),
    ]);
  assertEquals(told("forest"), [["stays", ["run-stays"]]]);
  assertEquals(told("left"), [["purge", ["without-run"]]]);
  assertEquals(told("gone"), [["purge", ["deleted-longer-than"]]]);
  assertEquals(told(id(4)), [["stays", ["in-deleted-experiment", "deleted-recently"]]]);
  assertEquals(told("left", new Set(["soft-delete-run"])), [["stays", ["not-supported"]]]);
});

Deno.test("explainModel() names the model, its run and where it lies", () => {
  const [{ reasons: _, flip, ...rest } = { reasons: [], flip: null }] = explained("left");
  assertEquals(flip?.changes, [{ rule: null, key: "purgeAfter", from: "30d", to: "91d" }]);
  assertEquals(rest, {
    schema: "mltidy/explain/v1",
    subject: "logged-model",
    store: STORE.location,
    modelId: id(2),
    sourceRunId: runId(9),
    experimentId: "7",
    experiment: "churn",
    path: `7/models/${id(2)}`,
    name: "left",
    verdict: "purge",
    goesBy: "purge-logged-model",
    stops: [],
  });
});

Deno.test("renderExplanation() says why a logged model stays or goes", () => {
  const text = (name: string) => explained(name).map((one) => renderExplanation(one)).join("");
  assertEquals(
    text("forest"),
    `Logged model forest, ${id(1)}
in experiment churn, 7
of run ${runId(1)}
Stays.
Kept, since:
  its run ${runId(1)} stays
No value of --purge-after or --undated lets it go, for its age is not all that keeps it.
`,
  );
  assertEquals(
    text("left"),
    `Logged model left, ${id(2)}
in experiment churn, 7
of run ${runId(9)}
Goes: a clean-up would purge it.
It goes, since:
  left without run ${runId(9)}, last changed 90 d ago, limit 30 d
Smallest change found that keeps it: --purge-after 30d → 91d; no other run changes sides.
`,
  );
});
