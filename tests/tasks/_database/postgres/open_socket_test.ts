import { assertEquals, assertThrows } from "@std/assert";
import { parseStoreName } from "../../../../lib/store/store_uri.ts";
import { TlsError, waysTo } from "../../../../tasks/_database/postgres/open_socket.ts";

function waysOf(uri: string, mode?: string, root?: string): string {
  const name = parseStoreName(uri);
  if (name.kind !== "postgresql") throw new RangeError(`${uri} names no database of PostgreSQL`);
  const { ways, rootCertificate } = waysTo(name.address, mode, root);
  return `${ways.join(" ")} ${rootCertificate}`;
}

Deno.test("waysTo() takes sslmode for what libpq takes it for", () => {
  const uri = "postgresql://db/x";
  const ways = new Map<string | undefined, string>([
    [undefined, "any plain null"],
    ["", "any plain null"],
    ["disable", "plain null"],
    ["allow", "plain any null"],
    ["prefer", "any plain null"],
    ["require", "any null"],
    ["verify-ca", "ca null"],
    ["verify-full", "full null"],
  ]);
  for (const [mode, way] of ways) assertEquals(waysOf(uri, mode), way);
  assertEquals(waysOf(`${uri}?sslmode=verify-full`, "disable"), "full null");
  assertEquals(waysOf(`${uri}?sslrootcert=/root.crt`, "require"), "ca /root.crt");
  assertEquals(waysOf(uri, "verify-full", "system"), "full null");
  assertEquals(waysOf("postgresql:///x?host=/run/postgresql", "verify-full"), "plain null");
  assertThrows(
    () => waysOf(uri, "always"),
    TlsError,
    "sslmode is always; expected one of disable,",
  );
});
