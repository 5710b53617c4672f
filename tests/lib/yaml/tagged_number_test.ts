import { assertEquals } from "@std/assert";
import { taggedNumber } from "../../../lib/yaml/tagged_number.ts";

/** What PyYAML 6.0.3 on libyaml makes of each; the live suite asks it about more. */
const FLOATS: Readonly<Record<string, string | null>> = {
  "10:00:00": "36000.0",
  "1:2:3.5": "3723.5",
  "1.5:2": "92.0",
  "-1:2": "-62.0",
  "1:-2": "58.0",
  "1": "1.0",
  "1__0": "10.0",
  "010": "10.0",
  " 1 ": "1.0",
  "--1": "1.0",
  "1e5": "100000.0",
  "1e21": "1.0e+21",
  "1.5e-7": "1.5e-7",
  "1e400": ".inf",
  "-0": "-0.0",
  "+.INF": ".inf",
  "-infinity": "-.inf",
  "-.nan": ".nan",
  "": null,
  "+": null,
  ".": null,
  "0x10": null,
  "1e": null,
  ":1": null,
  "1 2": null,
};

const INTEGERS: Readonly<Record<string, string | null>> = {
  "08": null,
  "0_1": "1",
  "0o7": "7",
  "0b1_0": "2",
  "-0x1f": "-31",
  "0X1": null,
  "1:99": "159",
  "0:01": null,
  " 1": "1",
  "+-1": "-1",
  "": null,
  _: null,
  "0b": null,
  "1:2.5": null,
  "1.0": null,
};

Deno.test("taggedNumber() reads a tagged number as PyYAML does", () => {
  const read = (type: "float" | "int", words: Readonly<Record<string, string | null>>) =>
    Object.fromEntries(Object.keys(words).map((word) => [word, taggedNumber(word, type)]));
  assertEquals(read("float", FLOATS), FLOATS);
  assertEquals(read("int", INTEGERS), INTEGERS);
});
