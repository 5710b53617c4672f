import { assertEquals } from "@std/assert";
import { valueAt, withValue } from "../../../lib/yaml/inner_values.ts";
import { parseMetaYaml, scalar, stringifyMetaYaml } from "../../../lib/yaml/meta_yaml.ts";
import { textOf } from "../../../lib/yaml/node.ts";

const document = parseMetaYaml("a/b: 1\nc:\n  d: x\n  e/f: y\ng: z\n");

Deno.test("valueAt() takes a key with a slash for that key, where there is one", () => {
  const found = ["a/b", "c/d", "c/e/f", "g"].map((key) => textOf(valueAt(document, key)));
  assertEquals(found, ["1", "x", "y", "z"]);
  for (const key of ["a", "c/x", "g/h"]) assertEquals(valueAt(document, key), undefined);
});

Deno.test("withValue() sets a value within another where there is one, and leaves all others", () => {
  const changed = withValue(withValue(document, "c/d", scalar("5")), "h/i", scalar(5));
  assertEquals(
    stringifyMetaYaml(changed),
    'a/b: 1\nc:\n  d: "5"\n  e/f: y\ng: z\nh/i: 5\n',
  );
});
