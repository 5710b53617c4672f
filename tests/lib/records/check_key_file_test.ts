import { assertEquals } from "@std/assert";
import { checkKey, checkValue, findLookalikes } from "../../../lib/records/check_key_file.ts";

const damageOf = (problems: readonly { readonly damage: string }[]) =>
  problems.map((one) => one.damage);

Deno.test("checkKey() refuses what MLflow refuses to read", () => {
  for (const key of ["lr~", "a(b)", "#note#", "..x", "x@y", "e\u0301"]) {
    assertEquals(damageOf(checkKey(key)), ["illegal-name"], key);
  }
  for (const key of ["lr", "val/loss", "모델/이름", "a:b", "a b.c-d_e", ".hidden"]) {
    assertEquals(checkKey(key), [], key);
  }
});

Deno.test("checkKey() knows what editors, systems and git leave behind", () => {
  for (
    const key of [
      ".DS_Store",
      "val/.DS_Store",
      "._loss",
      "Thumbs.db",
      "desktop.ini",
      ".loss.swp",
      "loss.bak",
      "loss.orig",
      ".nfs000000000a1b2c3d",
      ".gitkeep",
    ]
  ) {
    assertEquals(damageOf(checkKey(key)), ["stray-file"], key);
  }
});

Deno.test("checkValue() takes any text but zeros, and Windows line ends in a param", () => {
  const text = (value: string) => ({ kind: "text", text: value }) as const;
  assertEquals(checkValue(text(""), "param"), []);
  assertEquals(checkValue(text("여러 줄\n값 "), "param"), []);
  assertEquals(damageOf(checkValue(text("\0\0"), "param")), ["zeros"]);
  assertEquals(checkValue(text("a\0"), "tag"), []);
  assertEquals(damageOf(checkValue(text("a\r\nb"), "param")), ["carriage-return"]);
  assertEquals(checkValue(text("a\r\nb"), "tag"), []);
});

Deno.test("checkValue() hands on why there is no text", () => {
  assertEquals(
    checkValue({ kind: "failed", damage: "unreadable", message: "no UTF-8" }, "tag"),
    [{ damage: "unreadable", message: "no UTF-8", line: null, column: null }],
  );
  assertEquals(checkValue({ kind: "missing" }, "tag"), [{
    damage: "io",
    message: "it is a link to nothing",
    line: null,
    column: null,
    migration: null,
  }]);
});

Deno.test("findLookalikes() compares without case and composition", () => {
  assertEquals(findLookalikes(["a", "b", "A", "é", "e\u0301"]), [["A", "a"], ["e\u0301", "é"]]);
  assertEquals(findLookalikes(["a"]), []);
});
