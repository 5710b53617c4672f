import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

const WHAT_FAILED = fromFileUrl(new URL("../.ci/what_failed", import.meta.url));

/** What is told again of what a step has said. */
async function whatFailed(said: string): Promise<readonly string[]> {
  const child = new Deno.Command("awk", {
    args: ["-f", WHAT_FAILED],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(said));
  await writer.close();
  const { code, stdout } = await child.output();
  assertEquals(code, 0);
  return new TextDecoder().decode(stdout).split("\n").slice(0, -1);
}

// There is no awk on Windows, and no CI either.
const ignore = Deno.build.os === "windows";

Deno.test({
  name: "of tests that failed are told again their names, what differs, and where",
  ignore,
  fn: async () => {
    const told = await whatFailed(`running 4 tests from ./tests/a_test.ts
pins are kept ... FAILED (35ms)
stays ... ok (1ms)

 ERRORS 

\x1b[1mpins are kept\x1b[0m ... by name => ./tests/a_test.ts:2:6
\x1b[31merror\x1b[0m: AssertionError: Values are not equal.


    [Diff] Actual / Expected


    {
-     kept: 1,
+     kept: 2,
      left: 7,
    }

  throw new AssertionError(message);
        ^
    at assertEquals (file:///cache/npm/registry.npmjs.org/deno-std/1.4.0/assert/equals.js:60:9)
    at file:///project/tests/a_test.ts:2:49
    at innerWrapped (ext:cli/40_test.js:300:11)

/tmp/shares/share_001_test.ts (uncaught error)
error: (in promise) Error: at load
throw new Error("at load");
      ^
    at file:///project/tests/b_test.ts:1:7

 FAILURES 

pins are kept ... by name => ./tests/a_test.ts:2:6
/tmp/shares/share_001_test.ts (uncaught error)

FAILED | 2 passed | 2 failed (1 step) (2s)

error: Test failed
`);
    assertEquals(told, [
      "pins are kept ... by name => ./tests/a_test.ts:2:6",
      "/tmp/shares/share_001_test.ts (uncaught error)",
      "pins are kept ... by name => ./tests/a_test.ts:2:6",
      "  error: AssertionError: Values are not equal.",
      "  -     kept: 1,",
      "  +     kept: 2,",
      "    at file:///project/tests/a_test.ts:2:49",
      "/tmp/shares/share_001_test.ts (uncaught error)",
      "  error: (in promise) Error: at load",
      '  throw new Error("at load");',
      "        ^",
      "    at file:///project/tests/b_test.ts:1:7",
    ]);
  },
});

Deno.test({
  name: "of campaigns is told again what they found wrong, and how to have it again",
  ignore,
  fn: async () => {
    const told = await whatFailed(`Seed 2026: 36 cases, 46052 possible injections, trying 300
Injecting: 77 of 300, 1.0 min
FAILED: restore-copy, rename#3 kill: rename("a", "b") = 0
  mlruns/1/meta.yaml is missing
  cannot judge: Error: at once
    at judge (file:///project/tests/faults/judge.ts:3:1)
  again: deno task test:faults --keep --seed 2026 --tasks restore-copy --call rename#3 --kind kill
Injecting: 139 of 300, 2.0 min
FAILED: manifest, input 12 (/tmp/mltidy-fuzz-7-12): unclear: no
fuzzed: 300, acted upon: 4, faults: 1
FAILED | 299 passed | 1 failed
`);
    assertEquals(told, [
      'FAILED: restore-copy, rename#3 kill: rename("a", "b") = 0',
      "  mlruns/1/meta.yaml is missing",
      "  cannot judge: Error: at once",
      "  again: deno task test:faults --keep --seed 2026 --tasks restore-copy --call rename#3 --kind kill",
      "FAILED: manifest, input 12 (/tmp/mltidy-fuzz-7-12): unclear: no",
    ]);
  },
});

Deno.test({
  name: "of what names nothing that failed is told again how it ended",
  ignore,
  fn: async () => {
    const said = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);
    assertEquals(await whatFailed(`${said.join("\n\n")}\n`), said.slice(-20));
    assertEquals(await whatFailed("injected: 9, not reached: 3\n"), [
      "injected: 9, not reached: 3",
    ]);
    assertEquals(await whatFailed(""), []);
  },
});
