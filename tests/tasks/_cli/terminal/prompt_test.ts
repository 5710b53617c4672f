import { assertEquals } from "@std/assert";
import { askFor, askYesNo } from "../../../../tasks/_cli/terminal/prompt.ts";

/** Answers in the given pieces, then ends. */
function typist(...pieces: readonly string[]) {
  const left = pieces.map((piece) => new TextEncoder().encode(piece));
  const written: string[] = [];
  return {
    written,
    port: {
      write: (text: string) => void written.push(text),
      read(buffer: Uint8Array<ArrayBuffer>) {
        const piece = left.shift();
        if (piece !== undefined) buffer.set(piece);
        return Promise.resolve(piece === undefined ? null : piece.length);
      },
    },
  };
}

Deno.test("askYesNo() takes y and yes for a yes", async () => {
  for (const answer of ["y\n", "Y\n", "yes\n", " YES \r\n"]) {
    assertEquals(await askYesNo("Apply this plan", typist(answer).port), true, answer);
  }
});

Deno.test("askYesNo() folds a question that is wider than the terminal", async () => {
  const { written, port } = typist("n\n");
  await askYesNo("Apply this plan, which takes all 20 runs of rain (7)", { ...port, columns: 40 });
  assertEquals(written, ["Apply this plan, which takes all 20\n  runs of rain (7)? [y/N] "]);
});

Deno.test("askYesNo() takes anything else for a no", async () => {
  for (const answer of ["\n", "n\n", "no\n", "yep\n", "\ny\n"]) {
    assertEquals(await askYesNo("Apply this plan", typist(answer).port), false, answer);
  }
});

Deno.test("askYesNo() takes the end of input for a no, even in the middle of a line", async () => {
  const silent = typist();
  assertEquals(await askYesNo("Apply this plan", silent.port), false);
  assertEquals(silent.written, ["Apply this plan? [y/N] ", "\n"]);
  assertEquals(await askYesNo("Apply this plan", typist("yes").port), false);
});

Deno.test("askYesNo() waits for the whole line", async () => {
  assertEquals(await askYesNo("Apply this plan", typist("ye", "s", "\n").port), true);
});

Deno.test("askFor() takes nothing but what is wanted for a yes", async () => {
  const { port, written } = typist(" 12 \r\n");
  assertEquals(await askFor("Type how much goes: 12", "12", port), true);
  assertEquals(written, ["Type how much goes: 12 > "]);
  for (const answer of ["y\n", "yes\n", "\n", "1\n", "120\n", "12"]) {
    assertEquals(await askFor("Type how much goes: 12", "12", typist(answer).port), false, answer);
  }
});
