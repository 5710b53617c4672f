import { assertEquals, assertThrows } from "@std/assert";
import { hasLooseTab, parseMigratedYaml } from "../../../lib/records/check_migrated_yaml.ts";
import { MetaYamlError, parseMetaYaml } from "../../../lib/yaml/meta_yaml.ts";

// As PyYAML 6 itself answers.
Deno.test("hasLooseTab() finds a tab wherever PyYAML's own loader refuses it, and MLflow's does not", () => {
  const loose = [
    "a: 1\nstatus:\t3\n",
    "a: b\tc\n",
    "a: b\t\n",
    "a: b\t# x\n",
    "a: 'x\ty'\t\n",
    "a: [1,\t2]\n",
    "a: >\t\n  b\n",
    "a\tb: 1\n",
  ];
  for (const text of loose) assertEquals(parseMetaYaml(text).size > 0, true, text);
  assertEquals(loose.filter((text) => !hasLooseTab(text)), []);
});

Deno.test("hasLooseTab() leaves tabs in quotes, blocks and comments", () => {
  const sound = [
    "a: b\n",
    "a: b #\tx\n",
    "a: 'x\ty'\n",
    "a: |\n  x\ty\n",
    'a: "x\n\ty"\n',
    "a: ['x\ty']\n",
  ];
  assertEquals(sound.filter(hasLooseTab), []);
});

Deno.test("parseMigratedYaml() takes a byte order mark for a letter, unless the text begins with it", () => {
  const keys = (text: string) => parseMigratedYaml(text).size;
  assertEquals([keys("\uFEFFa: 1\n"), keys("a: 1\n\uFEFFb: 2\n")], [1, 2]);
  assertEquals(parseMigratedYaml("\uFEFFa: 1\n").has("a"), true);
  assertThrows(() => parseMetaYaml("a: 1\n\uFEFFb: 2\n"), MetaYamlError);
  assertThrows(() => parseMigratedYaml("a: '\n"), MetaYamlError);
});
