import { assertEquals } from "@std/assert";
import { type Progress, showProgress } from "../../../../tasks/_cli/terminal/progress.ts";

/** Collects what is written, under a clock that the test sets. */
function terminal(columns = 80) {
  const written: string[] = [];
  let now = 5_000;
  return {
    written,
    at(elapsed: number) {
      now = 5_000 + elapsed;
    },
    port: { write: (text: string) => void written.push(text), clock: () => now, columns },
  };
}

Deno.test("showProgress() is silent for half a second and where there is no terminal", () => {
  const { written, at, port } = terminal();
  {
    using progress = showProgress(port);
    progress.update("Reading runs", 1, 10);
    at(499);
    progress.update("Reading runs", 5, 10);
    using silent = showProgress(null);
    silent.update("Reading runs", 5, 10);
  }
  assertEquals(written, []);
});

Deno.test("showProgress() shows ten lines a second at most and erases the last", () => {
  const { written, at, port } = terminal();
  {
    using progress = showProgress(port);
    for (let elapsed = 0; elapsed <= 750; elapsed += 10) {
      at(elapsed);
      progress.update("Reading runs", elapsed, 2_500);
    }
  }
  assertEquals(written, [
    "\rReading runs … 500 of 2,500 (20 %) · 1,000/s · 2 s left\x1b[K",
    "\rReading runs … 600 of 2,500 (24 %) · 1,000/s · 1 s left\x1b[K",
    "\rReading runs … 700 of 2,500 (28 %) · 1,000/s · 1 s left\x1b[K",
    "\r\x1b[K",
  ]);
});

Deno.test("showProgress() does without a total, and with one of zero", () => {
  const { written, at, port } = terminal();
  const progress: Progress = showProgress(port);
  at(1_000);
  progress.update("Reading runs", 7);
  at(2_000);
  progress.update("Reading runs", 0, 0);
  assertEquals(written, ["\rReading runs … 7\x1b[K", "\rReading runs … 0 of 0 (100 %)\x1b[K"]);
});

Deno.test("showProgress() tells how fast it goes where nobody knows how much there is", () => {
  const { written, at, port } = terminal();
  const progress: Progress = showProgress(port);
  progress.update("Reading runs", 2_000);
  at(4_000);
  progress.update("Reading runs", 10_000);
  assertEquals(written, ["\rReading runs … 10,000 · 2,000/s\x1b[K"]);
});

Deno.test("showProgress() guesses nothing from the first quarter of a second of reading runs", () => {
  const { written, at, port } = terminal();
  const progress: Progress = showProgress(port);
  at(1_000);
  progress.update("Reading runs", 100, 90_000);
  at(1_249);
  progress.update("Reading runs", 4_000, 90_000);
  at(1_350);
  progress.update("Reading runs", 7_100, 90_000);
  assertEquals(written, [
    "\rReading runs … 100 of 90,000 (0 %)\x1b[K",
    "\rReading runs … 4,000 of 90,000 (4 %)\x1b[K",
    "\rReading runs … 7,100 of 90,000 (7 %) · 20,000/s · 4 s left\x1b[K",
  ]);
});

Deno.test("showProgress() guesses nothing from the first second of copying", () => {
  const { written, at, port } = terminal(120);
  const progress: Progress = showProgress(port);
  const total = { files: 20_000, bytes: 20_000 };
  at(5_000);
  progress.transfer({ step: "Copying", files: 0, bytes: 0, total });
  at(5_999);
  progress.transfer({ step: "Copying", files: 1, bytes: 1, total });
  at(6_200);
  progress.transfer({ step: "Copying", files: 600, bytes: 600, total });
  assertEquals(written.filter((text) => /\/s|left/.test(text)), [
    "\rCopying 600 of 20,000 files · 500 B/s · 38 s left\x1b[K",
  ]);
  assertEquals(written.length, 3);
});

Deno.test("showProgress() keeps to one line and lets no control character through", () => {
  const { written, at, port } = terminal(20);
  const progress: Progress = showProgress(port);
  at(1_000);
  progress.update("Reading a\nb and more", 7);
  assertEquals(written, ["\rReading a\\nb and m…\x1b[K"]);
});

Deno.test("erase() takes the line away once, for other output to come", () => {
  const { written, at, port } = terminal();
  const progress: Progress = showProgress(port);
  at(1_000);
  progress.update("Reading runs", 7);
  progress.erase();
  progress.erase();
  assertEquals(written, ["\rReading runs … 7\x1b[K", "\r\x1b[K"]);
});

Deno.test("showProgress() tells the rate of copying and the time left", () => {
  const { written, at, port } = terminal();
  const progress: Progress = showProgress(port);
  const total = { files: 23_291, bytes: 600 * 2 ** 20 };
  progress.transfer({ step: "Copying", files: 0, bytes: 0, total });
  at(2_000);
  progress.transfer({ step: "Copying", files: 1_204, bytes: 82 * 2 ** 20, total });
  assertEquals(written, ["\rCopying 1,204 of 23,291 files · 41.0 MiB/s · 24 s left\x1b[K"]);
});

Deno.test("showProgress() counts time anew for the next piece of work, and guesses nothing", () => {
  const { written, at, port } = terminal();
  const progress: Progress = showProgress(port);
  progress.transfer({ step: "Counting", files: 1, bytes: 1, total: null });
  at(2_000);
  progress.transfer({ step: "Counting", files: 9, bytes: 9, total: null });
  at(3_000);
  progress.transfer({ step: "Copying", files: 0, bytes: 0, total: { files: 9, bytes: 9 } });
  assertEquals(written, [
    "\rCounting 9 files\x1b[K",
    "\rCopying 0 of 9 files\x1b[K",
  ]);
});
