import { assertEquals } from "@std/assert";
import { fragmentOf, readRoute, readToken } from "../../../../../tasks/_web/page/pure/route.ts";

const TOKEN = "t".repeat(43);

Deno.test("an address names a view, and what is asked for there", () => {
  assertEquals(readRoute("#plan"), { view: "plan", id: null });
  assertEquals(readRoute("http://127.0.0.1:8484/#explain=abc"), { view: "explain", id: "abc" });
  assertEquals(readRoute(`#token=${TOKEN}&undo=20260501T093000Z-cleanup`), {
    view: "undo",
    id: "20260501T093000Z-cleanup",
  });
});

Deno.test("an address that names no view shows the store", () => {
  for (const fragment of ["", "#", "#nothing", `#token=${TOKEN}`, "#explain-this"]) {
    assertEquals(readRoute(fragment), { view: "store", id: null });
  }
});

Deno.test("whatever is asked for comes back from its address as it was", () => {
  for (const id of ["1/abc", "a&plan=b", "100%", "이름", "a b+c", "#x"]) {
    assertEquals(readRoute(fragmentOf("explain", id)), { view: "explain", id });
  }
});

Deno.test("a token that was cut short is one, so that whoever is asked can say that it is wrong", () => {
  assertEquals(readToken("http://127.0.0.1:8484/#token=short"), "short");
});

Deno.test("the token is found in an address that was pasted, and nowhere else", () => {
  assertEquals(readToken(` http://127.0.0.1:8484/#token=${TOKEN} `), TOKEN);
  assertEquals(readToken(`#token=${TOKEN}&explain=abc`), TOKEN);
  for (
    const text of ["", TOKEN, "http://127.0.0.1:8484/", `?token=${TOKEN}`, "#token=", "#token=a b"]
  ) {
    assertEquals(readToken(text), null);
  }
});
