import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import fc from "../../_support/fast_check.ts";
import { readLines, writeLines } from "../../../tasks/_io/lines.ts";
import { tempDirectory } from "../../_support/temp_directory.ts";

const lineArbitrary = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "é", "실", "\u2028", "\r", '"', "\ud83d\ude00") }),
  // Longer than what is written or read at once.
  fc.tuple(fc.constantFrom("a", "é", "\ud83d\ude00"), fc.integer({ min: 1, max: 150_000 }))
    .map(([text, times]) => text.repeat(times)),
);

function bytesOf(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
}

Deno.test("readLines() gives back what writeLines() wrote, and both tell its bytes", async () => {
  await using place = await tempDirectory();
  let number = 0;
  fc.assert(
    fc.property(fc.array(lineArbitrary, { maxLength: 6 }), (lines) => {
      const path = join(place.path, String(number++));
      const written: Uint8Array[] = [];
      {
        using writer = writeLines(path, { onBytes: (bytes) => written.push(bytes) });
        for (const line of lines) writer.add(line);
        writer.finish();
      }
      const read: Uint8Array[] = [];
      assertEquals([...readLines(path, (bytes) => read.push(bytes.slice()))], lines);
      const bytes = Deno.readFileSync(path);
      assertEquals([bytesOf(written), bytesOf(read)], [bytes, bytes]);
    }),
    { numRuns: 30 },
  );
});

Deno.test("readLines() gives an empty line for one that was cut off", async () => {
  await using place = await tempDirectory();
  const path = join(place.path, "lines");
  for (
    const [text, lines] of [
      ["", []],
      ["\n", [""]],
      ["a", [""]],
      ["a\nb", ["a", ""]],
      ["a\n\nb\n", ["a", "", "b"]],
    ] as const
  ) {
    Deno.writeTextFileSync(path, text);
    assertEquals<readonly string[]>([...readLines(path)], lines, text);
  }
});

Deno.test({
  name: "readLines() closes the file when nobody wants the rest",
  sanitizeResources: true,
  fn: async () => {
    await using place = await tempDirectory();
    const path = join(place.path, "lines");
    Deno.writeTextFileSync(path, "a\nb\n");
    for (const line of readLines(path)) {
      assertEquals(line, "a");
      break;
    }
  },
});

Deno.test("writeLines() writes over nothing, for its owner alone", async () => {
  await using place = await tempDirectory();
  const path = join(place.path, "lines");
  {
    using writer = writeLines(path);
    writer.finish();
  }
  if (Deno.build.os !== "windows") assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
  assertThrows(() => writeLines(path), Deno.errors.AlreadyExists);
});
