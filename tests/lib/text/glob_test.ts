import { assert, assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { nameGlob, pathGlob } from "../../../lib/text/glob.ts";

const fitting = (matches: (text: string) => boolean, ...texts: readonly string[]) =>
  texts.filter(matches);

Deno.test("nameGlob() takes * for any letters and ? for one, and everything else for itself", () => {
  assertEquals(fitting(nameGlob("run-*"), "run-", "run-1", "a run-1", "RUN-1"), ["run-", "run-1"]);
  assertEquals(fitting(nameGlob("t?"), "t", "t1", "t12", "t😀"), ["t1", "t😀"]);
  assertEquals(fitting(nameGlob("a.b[1]+(x)|$"), "a.b[1]+(x)|$", "aXb1"), ["a.b[1]+(x)|$"]);
  assertEquals(fitting(nameGlob("a.b[1]*(x)|$"), "a.b[1]+(x)|$", "aXb1+(x)|$"), ["a.b[1]+(x)|$"]);
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

/** Tries everything. */
function fitsPath(glob: string, path: string, isWhole = true): boolean {
  if (glob === "") return path === "" || path.startsWith("/");
  const [stars = ""] = /^\*+/.exec(glob) ?? [];
  const rest = glob.slice(stars.length || 1);
  const starts = Array.from({ length: path.length + 1 }, (_, index) => index);
  if (stars.length > 1 && isWhole && rest.startsWith("/")) {
    return starts.filter((start) => start === 0 || path[start - 1] === "/")
      .some((start) => fitsPath(rest.slice(1), path.slice(start)));
  }
  if (stars !== "") {
    return starts.filter((start) => stars.length > 1 || !path.slice(0, start).includes("/"))
      .some((start) => fitsPath(rest, path.slice(start), false));
  }
  if (path === "" || (glob[0] === "?" ? path[0] === "/" : path[0] !== glob[0])) return false;
  return fitsPath(rest, path.slice(1), glob[0] === "/");
}

Deno.test("pathGlob() takes stars, question marks and slashes in any order", () => {
  const parts = ["a", "b", "*", "**", "**/", "*/", "?", "/"];
  const glob = fc.array(fc.constantFrom(...parts), { maxLength: 8 })
    .map((all) => all.join("").replace(/\/+$/, ""));
  const path = fc.array(fc.constantFrom("a", "b", "ab", "ba", "aab", "bba"), { minLength: 1 })
    .map((all) => all.join("/"));
  fc.assert(
    fc.property(glob, path, (glob, path) => {
      assertEquals(pathGlob(glob)(path), fitsPath(glob, path));
    }),
    { numRuns: 500 },
  );
});

Deno.test("pathGlob() gives an answer for long paths that nearly fit many stars", () => {
  const name = "a".repeat(2000);
  const path = "a/".repeat(1000);
  assertEquals(fitting(pathGlob("*a*a*a*a*b"), name, `${name}b`), [`${name}b`]);
  assertEquals(fitting(pathGlob("**a**a**a**a**b"), path, `${path}b`), [`${path}b`]);
  assertEquals(fitting(pathGlob("**/**/**/**/*.ckpt"), path, `${path}.ckpt`), [`${path}.ckpt`]);
  assertEquals(fitting(pathGlob("**/a/**/a/**/a/*a*/b"), path, `${path}b`), [`${path}b`]);
});
