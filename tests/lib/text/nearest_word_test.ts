import { assertEquals } from "@std/assert";
import { nearestWord } from "../../../lib/text/nearest_word.ts";

const WORDS = ["days-old", "purge-after", "backup", "no-backup", "force", "all"];

Deno.test("nearestWord() forgives a letter too many, too few, wrong or swapped", () => {
  assertEquals(nearestWord("days-oldd", WORDS), "days-old");
  assertEquals(nearestWord("dys-old", WORDS), "days-old");
  assertEquals(nearestWord("days_old", WORDS), "days-old");
  assertEquals(nearestWord("bakcup", WORDS), "backup");
  assertEquals(nearestWord("sotre", ["store", "force"]), "store");
  assertEquals(nearestWord("lal", WORDS), "all");
});

Deno.test("nearestWord() completes the beginning of a word", () => {
  assertEquals(nearestWord("days", WORDS), "days-old");
});

Deno.test("nearestWord() gives the first of the nearest words", () => {
  assertEquals(nearestWord("o-backup", WORDS), "no-backup");
  assertEquals(nearestWord("ab", ["aa", "bb"]), "aa");
});

Deno.test("nearestWord() gives nothing when no word is close", () => {
  assertEquals(nearestWord("experiment", WORDS), null);
  assertEquals(nearestWord("xyz", WORDS), null);
  assertEquals(nearestWord("anything", []), null);
});
