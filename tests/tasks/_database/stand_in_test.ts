import { assertEquals, assertThrows } from "@std/assert";
import { dirname, join } from "@std/path";
import {
  InvalidArgumentError,
  StoreAccessError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { parseStoreName } from "../../../lib/store/store_uri.ts";
import { findCutOff, findStaged } from "../../../tasks/_database/log/find_cut_off.ts";
import { chooseStandIn, makeStandIn, standInWithin } from "../../../tasks/_database/stand_in.ts";
import type { PostgresName } from "../../../tasks/_database/postgres/session.ts";
import { memoryDirectory } from "../../_support/temp_directory.ts";

const name = parseStoreName(
  "postgresql://kim:secret@db:5433/mlflow?sslmode=require",
) as PostgresName;
const FILE = "postgresql%3A%2F%2Fdb%3A5433%2Fmlflow";

Deno.test("what was changed in a database of PostgreSQL lies in the user's state directory", () => {
  const of = (variables: Readonly<Record<string, string>>) =>
    chooseStandIn(name, null, (variable) => variables[variable]).path;
  assertEquals(of({ HOME: "/home/kim" }), `/home/kim/.local/state/mltidy/${FILE}`);
  assertEquals(of({ HOME: "/home/kim", XDG_STATE_HOME: "/s" }), `/s/mltidy/${FILE}`);
  assertEquals(of({}), null);
});

Deno.test("a file stands for a database of PostgreSQL that names it without credentials, for this account alone", async () => {
  await using directory = await memoryDirectory();
  const path = join(directory.path, "mltidy", FILE);
  assertEquals(makeStandIn(path, name.location), path);
  const text = Deno.readTextFileSync(path);
  assertEquals(text.split("\n")[0], "postgresql://db:5433/mlflow");
  assertEquals(makeStandIn(path, name.location), path);
  assertEquals(Deno.readTextFileSync(path), text);
  if (Deno.build.os === "windows") return;
  assertEquals([path, dirname(path)].map((one) => Deno.statSync(one).mode! & 0o777), [
    0o600,
    0o700,
  ]);
});

Deno.test("nothing is changed in a database of PostgreSQL where nobody says where to keep it", () => {
  assertThrows(
    () => makeStandIn(null, name.location),
    StoreAccessError,
    "set XDG_STATE_HOME or HOME",
  );
});

Deno.test("nothing was changed, and nothing can be, where the user's state directory is a file", async () => {
  await using directory = await memoryDirectory();
  const file = join(directory.path, "state");
  Deno.writeTextFileSync(file, "");
  const path = join(file, "mltidy", FILE);
  assertEquals(findCutOff(path), []);
  assertEquals(await findStaged(path), []);
  assertThrows(() => makeStandIn(path, name.location), StoreAccessError, "(Not a directory)");
});

Deno.test("what was changed in a database of PostgreSQL lies in a directory of the user's", async () => {
  await using directory = await memoryDirectory();
  const within = join(directory.path, "kept", "here");
  assertEquals(standInWithin(name, within), join(within, FILE));
  Deno.writeTextFileSync(join(directory.path, "file"), "");
  assertThrows(
    () => standInWithin(name, join(directory.path, "file")),
    InvalidArgumentError,
    "expected a directory",
  );
});

Deno.test("nothing that is not ours is taken for the file that stands for a database of PostgreSQL", async () => {
  await using directory = await memoryDirectory();
  const path = join(directory.path, FILE);
  const refuses = (words: string) => {
    assertThrows(() => makeStandIn(path, name.location), UnsupportedStoreError, words);
    Deno.removeSync(path);
  };
  Deno.writeTextFileSync(path, "somebody's\n");
  refuses("expected a file of our own, found another text; move it away");
  Deno.symlinkSync(join(directory.path, "other"), path);
  refuses("found a symbolic link");
  Deno.mkdirSync(path);
  refuses("found a directory");
  // Cut off before it was whole.
  Deno.writeTextFileSync(path, "postgresql://db");
  assertEquals(makeStandIn(path, name.location), path);
});

Deno.test("backups of a database of PostgreSQL lie where it was opened with them, and nowhere else", async () => {
  await using directory = await memoryDirectory();
  const [kept, other] = [join(directory.path, "kept"), join(directory.path, "other")];
  const { path, refuseOther } = chooseStandIn(name, kept, () => undefined);
  assertEquals(path, join(kept, FILE));
  refuseOther(null);
  refuseOther(kept);
  const text = `for backups of store ${name.location}: what is changed in it is kept in `;
  assertThrows(
    () => refuseOther(other),
    UnsupportedStoreError,
    `Cannot use ${other} ${text}${kept}, as it was opened; name the same directory as \`backups\` where it is opened`,
  );
  assertThrows(
    () => chooseStandIn(name, null, () => undefined).refuseOther(other),
    UnsupportedStoreError,
    `Cannot use ${other} ${text}the user's state directory, as it was opened`,
  );
});
