import { assertEquals } from "@std/assert";
import { RestoreCollisionError } from "../../../../lib/errors.ts";
import { errorText } from "../../../../tasks/_cli/run/error_text.ts";
import { RestoreStoppedError } from "../../../../tasks/backups/restore_stopped.ts";

Deno.test("errorText() names the flags that bring a part back, or all of it elsewhere", () => {
  assertEquals(
    errorText(new RestoreCollisionError("b-1", ["1/a is there"])),
    `Cannot restore b-1: nothing was moved
  1/a is there
To bring back a part that nothing is in the way of, add --experiment NAME or --run NAME; to have it elsewhere, --to DIR`,
  );
});

Deno.test("errorText() names another directory where something is in the way of a copy elsewhere", () => {
  assertEquals(
    errorText(new RestoreCollisionError("b-1", ["/out/1/a exists"], { target: "/out" })),
    `Cannot restore b-1: nothing was moved
  /out/1/a exists
To have all of it, name another directory than /out with --to; an empty one will do`,
  );
});

Deno.test("errorText() shows samples of what is in the way, and what lists the rest", () => {
  const collisions = Array.from({ length: 47 }, (_, index) => `1/${index} is there`);
  const lines = errorText(new RestoreCollisionError("b-1", collisions)).split("\n");
  assertEquals(lines.length, 1 + 10 + 1 + 1);
  assertEquals(lines.slice(10, 12), [
    "  1/9 is there",
    "  … and 37 more (--dry-run --json lists them)",
  ]);
});

Deno.test("errorText() tells a flag that helps with the command to which it belongs", () => {
  const told = (message: string, ...words: readonly string[]) =>
    errorText(new Error(message), words).split(": ").at(-1);
  const around =
    "Cannot open store /a b/7: it is a part of store /a b; name that with --store '/a b'";
  assertEquals(
    [
      told(around, "cleanup", "--apply", "--store", "/a b/7", "--days-old", "3"),
      told(around, "run", "--store=/a b/7", "--", "python", "x y.py"),
      told(
        "Cannot open store /o/7: it is a part of store /o; name that with --from /o",
        ...["merge", "--apply", "--from", "/o/7", "--store", "/a"],
      ),
      told("Cannot open store /o: no such directory; name the store with --from DIR", "merge"),
      told("Cannot read it; mend that, or go without a configuration with --no-config", "prune"),
      told(
        'Unknown flag "--sotre" for cleanup: did you mean --store?',
        ...["cleanup", "--apply", "--sotre=/a b", "--days-old", "3"],
      ),
      told("Cannot open store /a: it is empty; name the store with --store DIR", "prune"),
    ],
    [
      "`deno task cleanup:apply --store '/a b' --days-old 3`",
      "`deno task run --store '/a b' -- python 'x y.py'`",
      "`deno task merge:apply --from /o --store /a`",
      "no such directory; name the store with --from DIR",
      "`deno task prune --no-config`",
      "did you mean --store? `deno task cleanup:apply '--store=/a b' --days-old 3`",
      "it is empty; name the store with --store DIR",
    ],
  );
});

Deno.test("errorText() advises nobody to give all permissions", () => {
  const error = new Deno.errors.NotCapable(
    'Requires all access to "/proc", run again with the --allow-all flag',
  );
  assertEquals(
    errorText(error),
    'Cannot use "/proc": it is not open to this task; name another place',
  );
});

Deno.test("errorText() names the permission that is missing, of a variable as of a file", () => {
  const denied = (kind: string, place: string) =>
    errorText(
      new Deno.errors.NotCapable(
        `Requires ${kind} access to ${place}, run again with the --allow-${kind} flag`,
      ),
    );
  assertEquals(
    [
      denied("env", '"MLFLOW_TRACKING_URI"'),
      denied("read", '"/data/kim\'s"'),
      denied("read", "<CWD>"),
      denied("write", '"/data"'),
    ],
    [
      "Cannot ask for MLFLOW_TRACKING_URI, an environment variable: this process may not; grant --allow-env=MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
      `Cannot read /data/kim's: this process may not; grant '--allow-read=/data/kim'\\''s'`,
      "Cannot read <CWD>: this process may not; grant --allow-read=.",
      "Cannot write /data: this process may not; grant --allow-write=/data",
    ],
  );
});

Deno.test("errorText() says what was thrown first, what failed on the way out, and what was only broken off", () => {
  const full = new Error("database or disk is full");
  assertEquals(
    [
      errorText(new SuppressedError(full, new Error("the server has hung up"))),
      errorText(new SuppressedError(full, new Error(full.message))),
      errorText(new DOMException("The signal has been aborted", "AbortError")),
      errorText(new RestoreStoppedError(1, 4_023)),
      errorText(new RestoreStoppedError(0, 4_024)),
    ],
    [
      "the server has hung up\nand on the way out: database or disk is full",
      "database or disk is full",
      "Interrupted",
      "Restore stopped: 1 of 4,024 changes is undone, 4,023 left; the same once more goes on with what is left",
      "Restore stopped: nothing was brought back",
    ],
  );
});
