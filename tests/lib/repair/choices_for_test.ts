import { assertEquals, assertMatch } from "@std/assert";
import { asStorePath } from "../../../lib/store/path.ts";
import { MERGE_MARKS } from "../../../lib/text/git_marks.ts";
import { choicesFor } from "../../../lib/repair/choices_for.ts";
import type { Problem } from "../../../lib/store/problem.ts";

const choices = (subject: Problem["subject"], damage: Problem["damage"], isForCleanup = false) =>
  choicesFor({ subject, damage, message: "" }, isForCleanup);

Deno.test("choicesFor() proposes a backup of a lost record, or to move its directory away", () => {
  for (const damage of ["missing", "empty", "unreadable", "incomplete"] as const) {
    for (const subject of ["experiment", "run", "trace", "logged-model", "registry"] as const) {
      assertEquals(choices(subject, damage), {
        choices: [
          "bring its meta.yaml back from a backup of your own",
          "move the directory out of the store",
        ],
      });
    }
    assertEquals(choices("experiment", damage, true), {
      choices: [
        "bring its meta.yaml back from a backup of your own",
        "move it out of MLflow's sight",
      ],
      by: "cleanup",
    });
    for (const subject of ["metric", "param", "tags", "registry-value"] as const) {
      assertMatch(choices(subject, damage)?.choices[0] ?? "", /^bring the file back/);
    }
  }
});

Deno.test("choicesFor() leaves to nobody what harms nothing", () => {
  for (const damage of ["lookalike", "unused", "dangling", "stale", "newer-format"] as const) {
    assertEquals(choices("run", damage), null);
  }
});

Deno.test("choicesFor() names two ways where there are two, each in the imperative", () => {
  const damages: readonly Problem["damage"][] = [
    ...["io", "id-mismatch", "copied", "copied-outside"] as const,
    ...["illegal-name", "malformed-line", "torn-line", "zeros", "moved"] as const,
  ];
  for (const damage of damages) {
    const found = choices("metric", damage)?.choices;
    assertEquals(found?.length, 2, damage);
    for (const each of found ?? []) assertMatch(each, /^[a-z].*[^.]$/);
  }
  assertEquals(
    choices("run", "wrong-experiment")?.choices[1],
    "write the name of this experiment's directory as its experiment_id, where it belongs here",
  );
  assertEquals(choices("run", "moved"), {
    choices: ["move the store back", "rewrite the place that it names"],
    by: "relocation",
  });
});

Deno.test("choicesFor() has one side of a merge taken out, and moves nothing away", () => {
  const merged = { damage: "unreadable", message: MERGE_MARKS } as const;
  const side = "take git's marks out, and with them one of the two sides";
  assertEquals(choicesFor({ subject: "experiment", ...merged }, true), {
    choices: [side, "bring its meta.yaml back from a backup of your own"],
  });
  assertEquals(choicesFor({ subject: "param", ...merged, damage: "merge-marks" }, false), {
    choices: [side],
  });
});

Deno.test("choicesFor() has no store moved back where a place is that of another experiment", () => {
  const message = "new runs keep their artifacts in the directory of another one: file:///data/29";
  assertEquals(choicesFor({ subject: "experiment", damage: "moved", message }, false), {
    choices: ["rewrite the place that it names"],
    by: "relocation",
  });
});

Deno.test("choicesFor() moves no registered model away, whose versions MLflow shows all the same", () => {
  const model = { subject: "registry", damage: "missing", message: "" } as const;
  assertEquals(choicesFor({ ...model, path: asStorePath("models/churn") }, false), {
    choices: [
      "bring its meta.yaml back from a backup of your own",
      "write one that says its name",
    ],
  });
  assertEquals(choicesFor({ ...model, path: asStorePath("models/churn/version-1") }, false), {
    choices: [
      "bring its meta.yaml back from a backup of your own",
      "move the directory out of the store",
    ],
  });
});

Deno.test("choicesFor() has what is UTF-16 written anew, since nothing of it is lost", () => {
  const message = "it is UTF-16, and MLflow reads UTF-8";
  for (const subject of ["metric", "param", "tags"] as const) {
    assertEquals(choicesFor({ subject, damage: "unreadable", message }, false), {
      choices: ["write the file anew as UTF-8", "move it out of the store"],
    });
  }
});
