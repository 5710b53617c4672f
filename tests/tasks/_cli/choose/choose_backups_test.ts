import { assertEquals } from "@std/assert";
import { readConfig } from "../../../../lib/policy/config.ts";
import {
  chooseBackups,
  choosePlaceOfChanges,
} from "../../../../tasks/_cli/choose/choose_backups.ts";

const directory = "/home/kim";

function configured(text: string) {
  const path = "/data/mltidy.yaml";
  return { config: readConfig(text, path), path, chosenBy: "beside the store" };
}

Deno.test("chooseBackups() takes the flag, seen from where it was typed, before anything else", () => {
  const chosen = configured("backups: { directory: copies }");
  assertEquals(chooseBackups({ flag: "mine", chosen, directory }), "/home/kim/mine");
  assertEquals(chooseBackups({ flag: "/mnt/nas", chosen: null, directory }), "/mnt/nas");
});

Deno.test("chooseBackups() takes what the configuration says, seen from its own directory", () => {
  const chosen = configured("backups: { directory: ../copies }");
  assertEquals(chooseBackups({ flag: null, chosen, directory }), "/copies");
});

Deno.test("chooseBackups() leaves backups in the store where nobody says otherwise", () => {
  assertEquals(chooseBackups({ flag: null, chosen: configured(""), directory }), null);
  assertEquals(chooseBackups({ flag: null, chosen: null, directory }), null);
});

Deno.test("choosePlaceOfChanges() takes a configured directory for copies alone where changes are kept beside the store", () => {
  const chosen = configured("backups: { directory: copies }");
  const place = (flag: string | null, elsewhere: boolean) =>
    choosePlaceOfChanges({ flag, chosen, directory }, { elsewhere });
  assertEquals([place(null, true), place(null, false)], ["/data/copies", null]);
  assertEquals([place("mine", true), place("mine", false)], Array(2).fill("/home/kim/mine"));
});
