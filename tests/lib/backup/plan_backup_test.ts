import { assert, assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import type { BackupEntry, CopyManifest, CopyScope } from "../../../lib/backup/backup.ts";
import {
  chooseBase,
  comparePaths,
  isInScope,
  isSelected,
  isUnchanged,
  sameScope,
} from "../../../lib/backup/plan_backup.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const FULL: CopyScope = { kind: "full" };
const METADATA: CopyScope = { kind: "metadata" };

Deno.test("isInScope() takes for metadata all but what lies in artifact directories", () => {
  const inside = [
    "7",
    "7/meta.yaml",
    "7/ab/artifacts",
    "7/ab/metrics/artifacts/loss",
    "7/ab/tags/artifacts",
    "7/tags/artifacts/owner",
    "7/models/m-1/artifacts",
    "7/traces/tr-1/trace_info.yaml",
    ".trash/7/ab/params/lr",
    "models/artifacts/version-1/meta.yaml",
    "models/iris/aliases/artifacts/champion",
  ];
  const outside = [
    "7/ab/artifacts/model.pkl",
    "7/ab/artifacts/metrics/loss",
    "7/models/m-1/artifacts/MLmodel",
    "7/traces/tr-1/artifacts/traces.json",
    ".trash/7/ab/artifacts/model.pkl",
  ];
  assertEquals(inside.filter((path) => isInScope(METADATA, path) !== "in"), []);
  assertEquals(outside.filter((path) => isInScope(METADATA, path) !== "out"), []);
});

Deno.test("isInScope() finds an experiment, active or deleted, and nothing else", () => {
  const scope: CopyScope = { kind: "experiment", id: "7" };
  assertEquals(
    ["7", "7/ab/meta.yaml", ".trash", ".trash/7/meta.yaml", "77", "8/7", "models", ".trash/8"]
      .map((path) => isInScope(scope, path)),
    ["in", "in", "on-the-way", "in", "out", "out", "out", "out"],
  );
});

Deno.test("isInScope() finds a run in whatever experiment it is", () => {
  const scope: CopyScope = { kind: "run", id: "ab" };
  assertEquals(
    ["7", "7/ab", "7/ab/meta.yaml", "7/meta.yaml", ".trash/8", ".trash/8/ab", "models", "models/ab"]
      .map((path) => isInScope(scope, path)),
    ["on-the-way", "in", "in", "out", "on-the-way", "in", "out", "out"],
  );
});

Deno.test("isSelected() takes the logged models along that come with a run", () => {
  const models = new Set([".trash/7/models/m-1"]);
  const paths = [
    ".trash/7/models",
    ".trash/7/models/m-1/meta.yaml",
    ".trash/7/models/m-2",
    "8/models",
    "models/m-1",
  ];
  assertEquals(paths.map((path) => isSelected({ run: "ab" }, path, models)), [
    "on-the-way",
    "in",
    "out",
    "out",
    "out",
  ]);
  assertEquals(isSelected({ run: "ab", experiment: "8" }, paths[1]!, models), "out");
});

Deno.test("isSelected() takes everything when nothing is named", () => {
  assertEquals(["7", ".trash", "models/iris"].map((path) => isSelected({}, path)), [
    "in",
    "in",
    "in",
  ]);
});

Deno.test("comparePaths() orders as a walk that sorts the names in each directory", () => {
  const segment = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom(..."ab -.!0") });
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const byNames = (left: string, right: string): number => {
    const [ours, theirs] = [left.split("/"), right.split("/")];
    for (let index = 0; index < Math.min(ours.length, theirs.length); index++) {
      const [one = "", other = ""] = [ours[index], theirs[index]];
      if (one !== other) return one < other ? -1 : 1;
    }
    return ours.length - theirs.length;
  };
  fc.assert(fc.property(path, path, (left, right) => {
    assertEquals(Math.sign(comparePaths(left, right)), Math.sign(byNames(left, right)));
  }));
});

function manifest(id: string, createdAt: number, scope: CopyScope): CopyManifest {
  return deepFreeze<CopyManifest>({
    schema: "mltidy/backup/v1",
    kind: "copy",
    id,
    task: "backup",
    store: "/data/mlruns",
    createdAt,
    scope,
    totals: { directories: 0, files: 0, links: 0, bytes: 0, shared: { files: 0, bytes: 0 } },
    entries: { count: 0, sha256: "" },
    changing: [],
    leftOut: [],
  });
}

Deno.test("chooseBase() takes the newest backup that holds all that is wanted", () => {
  const full = manifest("full", 1, FULL);
  const newer = manifest("newer", 2, FULL);
  const metadata = manifest("metadata", 3, METADATA);
  const seven = manifest("seven", 4, { kind: "experiment", id: "7" });
  const all = [full, newer, metadata, seven];
  assertEquals(chooseBase(all, FULL), newer);
  assertEquals(chooseBase(all, METADATA), metadata);
  assertEquals(chooseBase(all, { kind: "experiment", id: "7" }), seven);
  assertEquals(chooseBase(all, { kind: "experiment", id: "8" }), newer);
  assertEquals(chooseBase([metadata, seven], FULL), null);
});

Deno.test("sameScope() tells two experiments apart", () => {
  assert(sameScope({ kind: "run", id: "a" }, { kind: "run", id: "a" }));
  assert(!sameScope({ kind: "run", id: "a" }, { kind: "run", id: "b" }));
  assert(!sameScope({ kind: "run", id: "a" }, { kind: "experiment", id: "a" }));
  assert(sameScope(FULL, FULL));
});

Deno.test("isUnchanged() wants size, time and mode the same, and time that has passed", () => {
  const entry: BackupEntry = {
    path: asStorePath("7/meta.yaml"),
    kind: "file",
    size: 3,
    mtime: 10_000,
    mode: 0o644,
    sha256: "",
  };
  const same = { size: 3, mtime: 10_000, mode: 0o644 };
  assert(isUnchanged(entry, same, 20_000));
  assert(!isUnchanged(entry, { ...same, size: 4 }, 20_000));
  assert(!isUnchanged(entry, { ...same, mtime: 10_001 }, 20_000));
  assert(!isUnchanged(entry, { ...same, mode: 0o600 }, 20_000));
  assert(!isUnchanged(entry, same, 11_000), "written just before that backup");
  assert(!isUnchanged({ ...entry, kind: "directory" }, same, 20_000));
});
