import { assertEquals, assertThrows } from "@std/assert";
import { dirname, join } from "@std/path";
import { StoreAccessError } from "../../../../lib/errors.ts";
import { parseStoreName } from "../../../../lib/store/store_uri.ts";
import { makeStandIn, standInPath } from "../../../../tasks/_database/postgres/stand_in.ts";
import type { PostgresName } from "../../../../tasks/_database/postgres/session.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";

const name = parseStoreName(
  "postgresql://kim:secret@db:5433/mlflow?sslmode=require",
) as PostgresName;
const FILE = "postgresql%3A%2F%2Fdb%3A5433%2Fmlflow";

Deno.test("what was changed in a database of PostgreSQL lies in the user's state directory", () => {
  const of = (variables: Readonly<Record<string, string>>) =>
    standInPath(name, (variable) => variables[variable]);
  assertEquals(of({ HOME: "/home/kim" }), `/home/kim/.local/state/mltidy/${FILE}`);
  assertEquals(of({ HOME: "/home/kim", XDG_STATE_HOME: "/s" }), `/s/mltidy/${FILE}`);
  assertEquals(of({}), null);
});

Deno.test("a file stands for a database of PostgreSQL that names it without credentials, for this account alone", async () => {
  await using directory = await memoryDirectory();
  const environment = (variable: string) =>
    variable === "XDG_STATE_HOME" ? directory.path : undefined;
  const path = makeStandIn({ name, environment });
  assertEquals(path, join(directory.path, "mltidy", FILE));
  const text = Deno.readTextFileSync(path);
  assertEquals(text.split("\n")[0], "postgresql://db:5433/mlflow?sslmode=require");
  assertEquals(makeStandIn({ name, environment }), path);
  assertEquals(Deno.readTextFileSync(path), text);
  if (Deno.build.os === "windows") return;
  assertEquals([path, dirname(path)].map((one) => Deno.statSync(one).mode! & 0o777), [
    0o600,
    0o700,
  ]);
});

Deno.test("nothing is changed in a database of PostgreSQL where nobody says where to keep it", () => {
  assertThrows(
    () => makeStandIn({ name, environment: () => undefined }),
    StoreAccessError,
    "set XDG_STATE_HOME or HOME",
  );
});
