import { assert, assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import {
  type MetaProblem,
  type MetaResult,
  readExperimentMeta,
  readLoggedModelMeta,
  readModelVersionMeta,
  readRegisteredModelMeta,
  readRunMeta,
} from "../../../lib/records/meta_record.ts";
import { unicodeText } from "../../_support/unicode_text.ts";
import { isLong } from "../../_support/depth.ts";

const EXPERIMENT = `artifact_location: file:///data/mlruns/420101650667246494
creation_time: 1795393060430
experiment_id: '420101650667246494'
last_update_time: 1795393060431
lifecycle_stage: active
name: my experiment
trace_location: null
workspace: default
`;

const RUN = `artifact_uri: file:///data/mlruns/1/2d33e8590971463d8a17f260bdf385b7/artifacts
end_time: null
entry_point_name: ''
experiment_id: '420101650667246494'
lifecycle_stage: active
run_id: 2d33e8590971463d8a17f260bdf385b7
run_name: nice-run-1
source_name: ''
source_type: 4
source_version: ''
start_time: 1700000000000
status: 1
tags: []
user_id: alice
`;

const RUN_META = {
  runId: "2d33e8590971463d8a17f260bdf385b7",
  experimentId: "420101650667246494",
  name: "nice-run-1",
  status: "RUNNING",
  lifecycleStage: "active",
  startTime: 1700000000000,
  endTime: null,
  deletedTime: null,
  artifactUri: "file:///data/mlruns/1/2d33e8590971463d8a17f260bdf385b7/artifacts",
  userId: "alice",
} as const;

function without(text: string, ...keys: readonly string[]): string {
  return text.split("\n").filter((line) => !keys.includes(line.split(":")[0] ?? "")).join("\n");
}

/** Replaces the line of a key. */
function replaced(text: string, line: string): string {
  return `${without(text, line.split(":")[0] ?? "")}${line}\n`;
}

function problemOf(result: MetaResult<unknown>): MetaProblem | null {
  return result.ok ? null : result.problem;
}

function incomplete(message: string): MetaProblem {
  return { damage: "incomplete", message, line: null, column: null };
}

Deno.test("readExperimentMeta() reads what MLflow 3.11 writes", () => {
  assertEquals(readExperimentMeta(EXPERIMENT), {
    ok: true,
    meta: {
      experimentId: "420101650667246494",
      name: "my experiment",
      artifactLocation: "file:///data/mlruns/420101650667246494",
      lifecycleStage: "active",
      creationTime: 1795393060430,
      lastUpdateTime: 1795393060431,
    },
  });
});

Deno.test("readExperimentMeta() reads an old experiment: integer id, no times", () => {
  const text =
    "artifact_location: ./mlruns/7\nexperiment_id: 7\nlifecycle_stage: active\nname: a\n";
  assertEquals(readExperimentMeta(text), {
    ok: true,
    meta: {
      experimentId: "7",
      name: "a",
      artifactLocation: "./mlruns/7",
      lifecycleStage: "active",
      creationTime: null,
      lastUpdateTime: null,
    },
  });
});

Deno.test("readExperimentMeta() takes an unquoted id as Python does", () => {
  const idOf = (written: string) => {
    const result = readExperimentMeta(replaced(EXPERIMENT, `experiment_id: ${written}`));
    return result.ok ? result.meta.experimentId : result.problem.message;
  };
  assertEquals(
    ["0123", "420101650667246494", "1e5", "0899", "on", "null", "1.5", "2024-01-05", "[a]"].map(
      idOf,
    ),
    [
      "83",
      "420101650667246494",
      "1e5",
      "0899",
      ...["True", "None", "1.5", "2024-01-05", "a sequence"],
    ],
  );
});

Deno.test("readExperimentMeta() takes nothing for no time where MLflow does, and a boolean for 0 or 1", () => {
  const timeOf = (written: string) => {
    const result = readExperimentMeta(
      `${EXPERIMENT.replace(/^last_update_time:.*\n/m, "")}last_update_time: ${written}\n`,
    );
    return result.ok ? result.meta.lastUpdateTime : result.problem.message;
  };
  assertEquals(["''", "[]", "null", "7", "true", "no"].map(timeOf), [null, null, null, 7, 1, 0]);
  assertEquals(
    timeOf("word"),
    'Key last_update_time: expected milliseconds since 1970, found the string "word"',
  );
});

Deno.test("readExperimentMeta() lets pass what MLflow lists: a strange stage, a name that is none", () => {
  const result = readExperimentMeta(
    replaced(replaced(EXPERIMENT, "lifecycle_stage: gone"), "name: null"),
  );
  assert(result.ok);
  assertEquals([result.meta.lifecycleStage, result.meta.name], ["gone", ""]);
});

Deno.test("readExperimentMeta() needs the keys without which MLflow's listing raises", () => {
  for (const key of ["experiment_id", "name", "artifact_location", "lifecycle_stage"]) {
    assertEquals(
      problemOf(readExperimentMeta(without(EXPERIMENT, key))),
      incomplete(`Key ${key}: expected a string, found no such key`),
    );
  }
});

Deno.test("readExperimentMeta() tells empty from unreadable, with the place", () => {
  const empty: MetaProblem = {
    damage: "empty",
    message: "No key in the file",
    line: null,
    column: null,
  };
  assertEquals(
    ["", "# nothing\n", "---\n", "null\n", "{}\n"].map(readExperimentMeta).map(problemOf),
    [
      empty,
      empty,
      empty,
      empty,
      empty,
    ],
  );
  const unreadable = ["a: 1\n\0\0\0", "\uFFFD\uFFFDa", "name: 'torn", "- a\n", "just text\n"];
  assertEquals(
    unreadable.map(readExperimentMeta).map(problemOf).map((problem) => [
      problem?.damage,
      problem?.line,
      problem?.column,
    ]),
    [
      ["unreadable", 2, 1],
      ["unreadable", 1, 1],
      ["unreadable", 1, 12],
      ["unreadable", 1, 1],
      ["unreadable", 1, 1],
    ],
  );
});

Deno.test("readRunMeta() reads what MLflow 3 writes", () => {
  assertEquals(readRunMeta(RUN), { ok: true, meta: RUN_META });
});

Deno.test("readRunMeta() keeps an id that YAML 1.2 would take for a number", () => {
  const id = "12345678901234567890123456789e12";
  assertEquals(readRunMeta(replaced(RUN, `run_id: ${id}`)), {
    ok: true,
    meta: { ...RUN_META, runId: id },
  });
});

Deno.test("readRunMeta() reads a run of MLflow 0.9, which knew run_uuid only", () => {
  const text = without(RUN, "run_id", "run_name", "lifecycle_stage", "status", "artifact_uri");
  assertEquals(readRunMeta(`${text}run_uuid: 2d33e8590971463d8a17f260bdf385b7\n`), {
    ok: true,
    meta: { ...RUN_META, name: "", artifactUri: "" },
  });
});

Deno.test("readRunMeta() reads a finished run that was deleted", () => {
  const text = [
    "status: 3",
    "end_time: 1700000001000",
    "lifecycle_stage: deleted",
    "deleted_time: 1700000002000",
  ].reduce(replaced, RUN);
  assertEquals(readRunMeta(text), {
    ok: true,
    meta: {
      ...RUN_META,
      status: "FINISHED",
      endTime: 1700000001000,
      lifecycleStage: "deleted",
      deletedTime: 1700000002000,
    },
  });
});

Deno.test("readRunMeta() knows MLflow's five status codes", () => {
  const statusOf = (code: number) => {
    const result = readRunMeta(replaced(RUN, `status: ${code}`));
    return result.ok ? result.meta.status : result.problem.damage;
  };
  assertEquals([0, 1, 2, 3, 4, 5, 6, -1].map(statusOf), [
    "incomplete",
    "RUNNING",
    "SCHEDULED",
    "FINISHED",
    "FAILED",
    "KILLED",
    "incomplete",
    "incomplete",
  ]);
});

Deno.test("readRunMeta() needs the keys without which MLflow's search raises", () => {
  const expected = {
    run_id: "a string",
    experiment_id: "a string",
    user_id: "a string",
    start_time: "milliseconds since 1970",
    end_time: "milliseconds since 1970",
  };
  for (const [key, form] of Object.entries(expected)) {
    assertEquals(
      problemOf(readRunMeta(without(RUN, key))),
      incomplete(`Key ${key}: expected ${form}, found no such key`),
    );
  }
});

Deno.test("readRunMeta() takes a deleted_time that is none for unknown, as MLflow looks at it in no search", () => {
  for (const value of ["null", "[]", "on", "2024-01-05", "'x'"]) {
    const read = readRunMeta(replaced(RUN, `deleted_time: ${value}`));
    assertEquals(read.ok && read.meta.deletedTime, null, value);
  }
});

Deno.test("readMeta() tells UTF-16 without its mark by the zeros between the letters", () => {
  for (const text of ["\0n\0a\0m\0e", "n\0a\0m\0e\0"]) {
    const read = readRunMeta(text);
    assertEquals(!read.ok && read.problem.message, "it is UTF-16, and MLflow reads UTF-8");
  }
});

Deno.test("readRunMeta() refuses values on which MLflow raises", () => {
  const lines = {
    "start_time: null": "Key start_time: expected milliseconds since 1970, found null",
    "start_time: '17'": 'Key start_time: expected milliseconds since 1970, found the string "17"',
    "start_time: 1e5": 'Key start_time: expected milliseconds since 1970, found the string "1e5"',
    "end_time: 1.5": "Key end_time: expected milliseconds since 1970, found the number 1.5",
    "end_time: 9007199254740993":
      "Key end_time: expected milliseconds since 1970, found the integer 9007199254740993",
    "status: FINISHED": 'Key status: expected an integer from 1 to 5, found the string "FINISHED"',
    "status: null": "Key status: expected an integer from 1 to 5, found null",
    "lifecycle_stage: gone":
      'Key lifecycle_stage: expected active or deleted, found the string "gone"',
    "user_id: null": "Key user_id: expected a string, found null",
    "run_name: {}": "Key run_name: expected a string, found a mapping",
  };
  for (const [line, message] of Object.entries(lines)) {
    assertEquals(problemOf(readRunMeta(replaced(RUN, line))), incomplete(message));
  }
});

Deno.test("readModelVersionMeta() reads what MLflow 3 writes and what MLflow 2 lacks", () => {
  assertEquals(
    readModelVersionMeta(
      "current_stage: Deleted_Internal\nmodel_id: m-1\nname: a\nrun_id: r1\n" +
        "source: models:/m-1\nstorage_location: file:///s\nversion: 3\n",
    ),
    {
      ok: true,
      meta: {
        version: "3",
        runId: "r1",
        source: "models:/m-1",
        storageLocation: "file:///s",
        stage: "Deleted_Internal",
        modelId: "m-1",
      },
    },
  );
  assertEquals(
    readModelVersionMeta(
      "current_stage: None\nname: a\nrun_id: ''\nsource: s3://b\nversion: '1'\n",
    ),
    {
      ok: true,
      meta: {
        version: "1",
        runId: null,
        source: "s3://b",
        storageLocation: null,
        stage: "None",
        modelId: null,
      },
    },
  );
  assertEquals(
    problemOf(readModelVersionMeta("name: a\n")),
    incomplete("Key version: expected a string, found no such key"),
  );
});

Deno.test("readModelVersionMeta() takes any version for the text that Python makes of it", () => {
  const texts = ["1.50", "true", "null", "2024-01-05", "[1]"].map((value) => {
    const read = readModelVersionMeta(`name: a\nversion: ${value}\n`);
    return read.ok ? read.meta.version : read.problem;
  });
  assertEquals(texts, ["1.5", "True", "None", "2024-01-05", "a sequence"]);
});

Deno.test("readRegisteredModelMeta() reads the name", () => {
  assertEquals(readRegisteredModelMeta("aliases: {}\nname: 분류기\n"), {
    ok: true,
    meta: { name: "분류기" },
  });
  assertEquals(
    problemOf(readRegisteredModelMeta("aliases: {}\n")),
    incomplete("Key name: expected a string, found no such key"),
  );
});

Deno.test("readLoggedModelMeta() takes a missing stage for active, as MLflow's finalize leaves it", () => {
  const text = "artifact_location: file:///a\nexperiment_id: '1'\nmodel_id: m-1\nname: model\n" +
    "source_run_id: r1\nstatus: 2\n";
  const meta = {
    modelId: "m-1",
    name: "model",
    experimentId: "1",
    sourceRunId: "r1",
    lifecycleStage: "active",
    lastUpdatedTime: null,
    artifactLocation: "file:///a",
  } as const;
  assertEquals(readLoggedModelMeta(text), { ok: true, meta });
  assertEquals(
    readLoggedModelMeta(
      `${replaced(text, "source_run_id: null")}lifecycle_stage: deleted\n` +
        "last_updated_timestamp: 1780000000000\n",
    ),
    {
      ok: true,
      meta: {
        ...meta,
        sourceRunId: null,
        lifecycleStage: "deleted",
        lastUpdatedTime: 1_780_000_000_000,
      },
    },
  );
  const dated = readLoggedModelMeta(`${text}last_updated_timestamp: yesterday\n`);
  assertEquals(dated, { ok: true, meta }, "MLflow lists it all the same");
  const owner = readLoggedModelMeta(replaced(text, "experiment_id: 1.5"));
  assertEquals(
    owner,
    { ok: true, meta: { ...meta, experimentId: "1.5" } },
    "MLflow passes over it",
  );
  const lost = readLoggedModelMeta(replaced(text, "source_run_id:"));
  assertEquals(
    lost,
    { ok: true, meta: { ...meta, sourceRunId: "" } },
    "PyYAML writes null for none",
  );
});

Deno.test("the readers return a value for any text", () => {
  const readers = [
    readExperimentMeta,
    readRunMeta,
    readModelVersionMeta,
    readRegisteredModelMeta,
    readLoggedModelMeta,
  ];
  const fragment = fc.constantFrom(
    ...RUN.split(/(?<=[: \n])/),
    "- ",
    "'",
    '"',
    "[",
    "{",
    "&a ",
    "*a",
  );
  const text = fc.oneof(
    unicodeText(),
    fc.array(fragment).map((parts) => parts.join("")),
    fc.nat(RUN.length).map((length) => RUN.slice(0, length)),
  );
  fc.assert(fc.property(text, (text) => {
    for (const read of readers) assertEquals(typeof read(text).ok, "boolean");
  }));
});

Deno.test("the readers call nesting without end unreadable", () => {
  for (const text of ["a: &a [*a]\n", `a: ${"[".repeat(50_000)}`, bomb(12)]) {
    assertEquals(problemOf(readRunMeta(text))?.damage, "unreadable");
  }
});

/** Texts of any length that a hostile account may leave in a record. */
const HOSTILE: Readonly<Record<string, (size: number) => string>> = {
  "open brackets": (size) => `a: ${"[".repeat(size)}`,
  "open braces": (size) => `a: ${"{a: ".repeat(size / 4)}`,
  "closed brackets": (size) => `tags: ${"[".repeat(size / 2)}${"]".repeat(size / 2)}\n`,
  "lists in lists": (size) => "- ".repeat(size / 2),
  "keys in keys": (size) => "? ".repeat(size / 2),
  "keys": (size) => Array.from({ length: size / 12 }, (_, index) => `key${index}: v\n`).join(""),
  "pairs": (size) => `[${"a: b, ".repeat(size / 6)}]`,
  "anchors": (size) => Array.from({ length: size / 10 }, (_, index) => `- &a${index} x\n`).join(""),
  "merges of a wide mapping": (size) =>
    `a: &a {${Array.from({ length: size / 20 }, (_, index) => `k${index}: 1`).join(", ")}}\n` +
    Array.from({ length: size / 25 }, (_, index) => `b${index}: {<<: *a}\n`).join(""),
  "aliases of aliases": () => bomb(12),
  "dashes": (size) => "-".repeat(size),
  "colons": (size) => "a:".repeat(size / 2),
  "quotes": (size) => "'".repeat(size),
  "escapes": (size) => `name: "${"\\x41".repeat(size / 4)}"\n`,
  "line feeds": (size) => "\n".repeat(size),
  "comments": (size) => "# ".repeat(size / 2),
  "spaces": (size) => `name:${" ".repeat(size)}x\n`,
  "folded lines": (size) => `a: >\n${" x\n".repeat(size / 3)}`,
  "digits": (size) => `end_time: ${"9".repeat(size)}\n`,
  "base 60": (size) => `end_time: ${"1:".repeat(size / 2)}1\n`,
  "a tag": (size) => `a: !${"a".repeat(size)} x\n`,
  "an anchor": (size) => `a: &${"a".repeat(size)} x\n`,
};

const SIZE = isLong ? 100_000 : 50_000;

for (const [what, make] of Object.entries(HOSTILE)) {
  Deno.test(`the readers take no longer over ${what} than over as much of anything else`, () => {
    const [text, longer] = [make(SIZE), make(8 * SIZE)];
    // Whatever else the machine does: once in so often it is quiet enough to tell them apart.
    const isQuick = () => {
      const long = timeOf(longer);
      // Eight times the text; the square would be 64 times.
      return long < 300 || long < 40 * timeOf(text);
    };
    assert(
      Array.from({ length: 10 }).some(isQuick),
      `${8 * SIZE} bytes take the square of ${SIZE}`,
    );
  });
}

function timeOf(text: string): number {
  const start = performance.now();
  readRunMeta(text);
  return performance.now() - start;
}

/** Aliases of aliases: each level holds the one before nine times. */
function bomb(levels: number): string {
  return Array.from(
    { length: levels },
    (_, level) =>
      `k${level}: &k${level} [${Array(9).fill(level === 0 ? "x" : `*k${level - 1}`).join(", ")}]\n`,
  )
    .join("");
}

Deno.test("readRunMeta() takes for a status what is equal to its code for Python", () => {
  const statusOf = (text: string) => {
    const result = readRunMeta(replaced(RUN, `status: ${text}`));
    return result.ok ? result.meta.status : result.problem.damage;
  };
  assertEquals(["3.0", "0x3", "true", "3.5", "'3'", "3e0", "no"].map(statusOf), [
    ...["FINISHED", "FINISHED", "RUNNING"],
    ...Array(4).fill("incomplete"),
  ]);
});
