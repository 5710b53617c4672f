import { assertEquals } from "@std/assert";
import { readMergeConflict } from "../../../lib/text/git_marks.ts";

Deno.test("readMergeConflict() gives both sides of every part", () => {
  const text = [
    ...["<<<<<<< HEAD", "a: 1", "=======", "a: 2", ">>>>>>> origin/main", "b: 3"],
    ...["<<<<<<< HEAD", "||||||| 0f1e", "c: 0", "=======", "c: 4", ">>>>>>> origin/main", ""],
  ].join("\n");
  assertEquals(readMergeConflict(text), {
    ours: "a: 1\nb: 3\n",
    theirs: "a: 2\nb: 3\nc: 4\n",
    line: 1,
  });
  assertEquals(readMergeConflict(text.replaceAll("\n", "\r\n"))?.ours, "a: 1\r\nb: 3\r\n");
});

Deno.test("readMergeConflict() takes no other text for one", () => {
  const texts = [
    "",
    "name: <<<<<<< HEAD\n",
    "<<<<<<<< HEAD\n",
    "<<<<<<< HEAD\na: 1\n",
    "<<<<<<< HEAD\na: 1\n=======\nb: 2\n",
    "=======\n<<<<<<< HEAD\n>>>>>>> a\n",
    "<<<<<<< a\n<<<<<<< b\n=======\n>>>>>>> c\n",
  ];
  assertEquals(texts.map(readMergeConflict), texts.map(() => null));
});
