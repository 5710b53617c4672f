import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { nameGlob, pathGlob } from "../../lib/glob.ts";

const fitting = (matches: (text: string) => boolean, ...texts: readonly string[]) =>
  texts.filter(matches);

Deno.test("nameGlob() takes * for any letters and ? for one, and everything else for itself", () => {
  assertEquals(fitting(nameGlob("run-*"), "run-", "run-1", "a run-1", "RUN-1"), ["run-", "run-1"]);
  assertEquals(fitting(nameGlob("t?"), "t", "t1", "t12", "t😀"), ["t1", "t😀"]);
  assertEquals(fitting(nameGlob("a.b[1]+(x)|$"), "a.b[1]+(x)|$", "aXb1"), ["a.b[1]+(x)|$"]);
  assert(nameGlob("*")("team/vision\nline"));
});

Deno.test("nameGlob() takes stars and question marks in any order", () => {
  const glob = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "1"), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom("a", "b", "1", "😀"), maxLength: 10 });
  fc.assert(fc.property(glob, text, (glob, text) => {
    const plain = new RegExp(`^${glob.replaceAll("?", ".").replace(/\*+/g, ".*")}$`, "su");
    assertEquals(nameGlob(glob)(text), plain.test(text));
  }));
});

Deno.test("nameGlob() gives an answer for long texts that nearly fit many stars", () => {
  const matches = nameGlob("*a*a*a*a*a*a*a*b");
  assertEquals([matches("a".repeat(8000)), matches(`${"a".repeat(8000)}b`)], [false, true]);
});

Deno.test("pathGlob() keeps * inside a name and lets ** cross them", () => {
  const paths = ["a.ckpt", "sub/a.ckpt", "sub/deep/a.ckpt", "a.pkl"];
  assertEquals(fitting(pathGlob("*.ckpt"), ...paths), ["a.ckpt"]);
  assertEquals(fitting(pathGlob("**/*.ckpt"), ...paths), paths.slice(0, 3));
  assertEquals(fitting(pathGlob("sub/**"), ...paths), ["sub/a.ckpt", "sub/deep/a.ckpt"]);
  assertEquals(fitting(pathGlob("sub/?.ckpt"), ...paths), ["sub/a.ckpt"]);
});

Deno.test("pathGlob() fits all that lies in a directory that fits", () => {
  assertEquals(
    fitting(pathGlob("checkpoints/"), "checkpoints", "checkpoints/1/a", "model/checkpoints"),
    ["checkpoints", "checkpoints/1/a"],
  );
  assertEquals(fitting(pathGlob("**/tmp"), "tmp/a", "x/tmp/a", "xtmp/a"), ["tmp/a", "x/tmp/a"]);
});
