import { assertEquals } from "@std/assert";
import { chooseSide } from "../../../lib/repair/choose_side.ts";
import { readExperimentMeta } from "../../../lib/records/meta_record.ts";

const HERE = "file:///data/mlruns/7";
const meta = (location: string, time: number, name = "churn") =>
  `artifact_location: ${location}\ncreation_time: ${time}\nexperiment_id: '7'\n` +
  `lifecycle_stage: active\nname: ${name}\n`;
const merge = (ours: string, theirs: string) =>
  `<<<<<<< HEAD\n${ours}=======\n${theirs}>>>>>>> main\n`;
const choose = (text: string) =>
  chooseSide(text, {
    isSound: (one) => readExperimentMeta(one).ok,
    key: "artifact_location",
    isHere: (location) => location === HERE,
  });

Deno.test("chooseSide() takes the only side that MLflow can use", () => {
  const whole = meta(HERE, 1);
  assertEquals(choose(merge(whole, "name: churn\n")), whole);
  assertEquals(choose(merge("", whole)), whole);
});

Deno.test("chooseSide() takes of two whole sides the one that names this store", () => {
  const here = meta(HERE, 1, "ours");
  assertEquals(choose(merge(here, meta("file:///home/ines/7", 2))), here);
  assertEquals(choose(merge(meta("file:///home/ines/7", 2), here)), here);
});

Deno.test("chooseSide() takes either of two sides that differ in times alone", () => {
  assertEquals(choose(merge(meta(HERE, 1), meta(HERE, 2))), meta(HERE, 1));
});

Deno.test("chooseSide() chooses between nothing that anybody may have meant", () => {
  assertEquals(choose(merge(meta(HERE, 1, "a"), meta(HERE, 1, "b"))), null);
  assertEquals(choose(merge("name: a\n", "name: b\n")), null);
});

Deno.test("chooseSide() leaves a text without sides as it is", () => {
  assertEquals(choose("name: a\n"), "name: a\n");
});
