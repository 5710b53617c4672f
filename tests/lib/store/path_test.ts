import { assert, assertEquals } from "@std/assert";
import { byPath, experimentPathOf, inOrder, pathsUp } from "../../../lib/store/path.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

Deno.test("walking up names a path and each directory around it, and not the root", () => {
  assertEquals(pathsUp("1/abc/tags/mlflow.runName"), [
    "1/abc/tags/mlflow.runName",
    "1/abc/tags",
    "1/abc",
    "1",
  ]);
  assertEquals(pathsUp("1"), ["1"]);
  assertEquals(pathsUp(""), []);
});

Deno.test("what lies in MLflow's trash lies in an experiment of the trash", () => {
  assertEquals(["1/abc", "1", ".trash/1/abc"].map(experimentPathOf), ["1", "1", ".trash/1"]);
});

Deno.test("a list in disorder is sorted as a copy by path, and one in order stays itself", () => {
  const list = deepFreeze(["b", ".trash/c", "a/b", "a"].map((path) => ({ path })));
  const sorted = [".trash/c", "a", "a/b", "b"];
  assertEquals(inOrder(list).map(({ path }) => path), sorted);
  assertEquals(list.toSorted(byPath).map(({ path }) => path), sorted);
  assertEquals(list.map(({ path }) => path), ["b", ".trash/c", "a/b", "a"]);
  const ordered = inOrder(list);
  assert(inOrder(ordered) === ordered);
});
