import { assertEquals } from "@std/assert";
import { chooseMetric } from "../../../../tasks/_cli/choose/choose_metric.ts";

const CONFIG = { primaryMetric: { name: "loss", mode: "min" } } as const;

Deno.test("chooseMetric() takes the flag, else the configuration, else none", () => {
  assertEquals(chooseMetric(null, null), null);
  assertEquals(chooseMetric(null, CONFIG), { name: "loss", mode: "min" });
  assertEquals(chooseMetric({ name: "f1", mode: "min" }, CONFIG), { name: "f1", mode: "min" });
});

Deno.test("chooseMetric() takes more for better, unless the configuration says otherwise of it", () => {
  assertEquals(chooseMetric({ name: "f1", mode: null }, CONFIG), { name: "f1", mode: "max" });
  assertEquals(chooseMetric({ name: "loss", mode: null }, CONFIG), { name: "loss", mode: "min" });
  assertEquals(chooseMetric({ name: "loss", mode: "max" }, CONFIG), { name: "loss", mode: "max" });
});
