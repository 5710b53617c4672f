import { assertEquals } from "@std/assert";
import { pingAddress } from "../../../tasks/_notify/ping.ts";

Deno.test("pingAddress() puts a suffix behind the path, before a query, with one slash", () => {
  const table = [
    ["https://hc.example.org/uuid", "/start", "https://hc.example.org/uuid/start"],
    ["https://hc.example.org/uuid/", "/0", "https://hc.example.org/uuid/0"],
    ["https://hc.example.org/uuid?create=1", "/13", "https://hc.example.org/uuid/13?create=1"],
    ["https://hc.example.org/uuid", "", "https://hc.example.org/uuid"],
    ["no address", "/0", "no address"],
  ] as const;
  assertEquals(
    table.map(([url, suffix]) => pingAddress(url, suffix)),
    table.map(([, , address]) => address),
  );
});
