import { assertEquals } from "@std/assert";
import {
  choiceText,
  leaveOut,
  NO_CHOICE,
  readChoice,
  setValue,
} from "../../../../../tasks/_web/page/pure/choice.ts";

Deno.test("what is left out has its name, and is taken in again", () => {
  const one = leaveOut(NO_CHOICE, "1/abc", "keen-crane");
  assertEquals([...one.leftOut], [["1/abc", "keen-crane"]]);
  assertEquals(leaveOut(one, "1/abc", null), NO_CHOICE);
  assertEquals([...NO_CHOICE.leftOut], []);
});

Deno.test("a number that is put back to that of the file is no choice any more", () => {
  const chosen = setValue(NO_CHOICE, "purge.after", 14, 30);
  assertEquals(chosen.values, { "purge.after": 14 });
  assertEquals(setValue(chosen, "limits.max_runs", null, 100).values, {
    "purge.after": 14,
    "limits.max_runs": null,
  });
  assertEquals(setValue(chosen, "purge.after", 30, 30), NO_CHOICE);
});

Deno.test("a choice that was kept is the same again, and what is none chooses nothing", () => {
  const choice = {
    values: { days_old: 90, "limits.max_runs": null },
    leftOut: new Map([["1/a", "\u{1F600} <b>"], ["7", ""]]),
  };
  assertEquals(readChoice(choiceText(choice)), choice);
  for (const text of ["", "null", "7", "{", '{"values":{},"leftOut":[1]}', '{"leftOut":7}']) {
    assertEquals(readChoice(text), NO_CHOICE);
  }
});
