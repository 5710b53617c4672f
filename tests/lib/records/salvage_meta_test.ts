import { assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { salvageMeta } from "../../../lib/records/salvage_meta.ts";
import { parseMetaYaml } from "../../../lib/yaml/meta_yaml.ts";
import { textOf } from "../../../lib/yaml/node.ts";

const META = `\
artifact_uri: file:///data/mlruns/1/ab/artifacts
end_time: null
experiment_id: '1'
run_name: ${"long words ".repeat(8).trim()}
start_time: 1700000000000
`;

const keysOf = (text: string) => [...salvageMeta(text).keys()];

Deno.test("salvageMeta() takes complete lines and drops what was cut off", () => {
  assertEquals(keysOf(META.slice(0, META.indexOf("_id: '1") + 6)), ["artifact_uri", "end_time"]);
  assertEquals(keysOf("name: half a na"), []);
  assertEquals(keysOf(""), []);
});

Deno.test("salvageMeta() drops a last line that may be folded: its value may go on", () => {
  const cut = META.slice(0, META.indexOf("start_time"));
  assertEquals(keysOf(cut), ["artifact_uri", "end_time", "experiment_id"]);
  assertEquals(keysOf(META).at(-1), "start_time");
});

Deno.test("salvageMeta() takes the lines before zeros and before what is no text", () => {
  assertEquals(keysOf(`end_time: null\n${"\0".repeat(40)}`), ["end_time"]);
  assertEquals(keysOf("end_time: null\nrun_name: \uFFFD\uFFFD\nstatus: 3\n"), [
    "end_time",
    "status",
  ]);
});

Deno.test("salvageMeta() gives no value that the whole text has not", () => {
  const whole = parseMetaYaml(META);
  fc.assert(fc.property(fc.nat(META.length), (length) => {
    for (const [key, node] of salvageMeta(META.slice(0, length))) {
      assertEquals(node, whole.get(key));
    }
  }));
});

Deno.test("salvageMeta() takes a text as it is written that YAML cannot read without quotes", () => {
  const cases = [
    ["lr: high", "lr: high"],
    ["ends with:", "ends with:"],
    ["@home", "@home"],
    ["%10", "%10"],
    ["`code`", "`code`"],
    ["[exp] first", "[exp] first"],
    ["[a, b]", "[a, b]"],
    ["{x} y", "{x} y"],
    ["*star", "*star"],
    ["&and", "&and"],
    ["! now", "! now"],
    ["#5 run", "#5 run"],
    ["- a", "- a"],
    ["2026-02-30", "2026-02-30"],
    ["'it's mine'", "it's mine"],
    ['"a "b" c"', 'a "b" c'],
    ["plain", "plain"],
    ["'quoted'", "quoted"],
  ];
  for (const [written = "", meant] of cases) {
    const document = salvageMeta(`experiment_id: '1'\nname: ${written}\nlifecycle_stage: active\n`);
    assertEquals([...document.keys()], ["experiment_id", "name", "lifecycle_stage"], written);
    assertEquals(textOf(document.get("name")), meant, written);
  }
  assertEquals(keysOf("end_time: null\nname: 'half a pair\n"), ["end_time"]);
  assertEquals(keysOf("status: a: b\nend_time: null\n"), ["end_time"]);
});
