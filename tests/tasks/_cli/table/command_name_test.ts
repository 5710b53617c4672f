import { assertEquals } from "@std/assert";
import { asInstalled } from "../../../../tasks/_cli/table/command_name.ts";

Deno.test("asInstalled() names every command as it is typed without a deno.json", () => {
  const said = [
    "To undo: deno task restore 1-cleanup --store /data/mlruns",
    "Run `deno task cleanup:apply`, or `deno task cleanup --json`",
    "expected deno task schedule:write DIR",
    "deno task demo:store DIR; deno task TASK --help; deno task TASK:apply",
    "\x1b[1mdeno task cleanup:apply\x1b[22m",
    "deno task test is for developers",
  ];
  assertEquals(said.map(asInstalled), [
    "To undo: mltidy restore 1-cleanup --store /data/mlruns",
    "Run `mltidy cleanup --apply`, or `mltidy cleanup --json`",
    "expected mltidy schedule --write DIR",
    "mltidy demo:store DIR; mltidy TASK --help; mltidy TASK --apply",
    "\x1b[1mmltidy cleanup --apply\x1b[22m",
    "deno task test is for developers",
  ]);
});
