import { assertEquals } from "@std/assert";
import { findUnportable } from "../../../../lib/verify/portability/find_unportable.ts";
import type { Entry, Host } from "../../../../lib/verify/portability/portability_rules.ts";
import { asStorePath } from "../../../../lib/store/path.ts";
import { experiment, run, runId, snapshot } from "../../../_support/builders.ts";
import { deepFreeze } from "../../../_support/deep_freeze.ts";

const STORE = deepFreeze(
  snapshot({ experiments: [experiment({ id: "1", runs: [run({ id: runId(1) })] })] }),
);
const PLACE = `1/${runId(1)}/metrics`;

/** What is found of files of those names, each as its rule and its name. */
function found(host: Host, names: readonly string[], kind: Entry["kind"] = "file") {
  const entries = names.map((name) => ({ path: `${PLACE}/${name}`, kind }));
  return findUnportable(STORE, deepFreeze(entries), host)
    .map(({ rule, path }) => `${rule} ${path.slice(PLACE.length + 1)}`);
}

Deno.test("findUnportable() says whose a name is, what is wrong, and another that is not", () => {
  const entries = [{ path: `${PLACE}/01: time?`, kind: "file" }] as const;
  assertEquals(findUnportable(STORE, entries, "windows"), [{
    rule: "name-with-reserved-letter",
    severity: "error",
    path: asStorePath(entries[0].path),
    line: null,
    experimentId: "1",
    runId: runId(1),
    message: 'Its name has ":"; Windows makes no file with it, or cuts the name there',
    remedy: {
      kind: "by-hand",
      text: 'Rename it before the store is copied, such as to "01_ time_"',
    },
    versions: [],
  }]);
});

Deno.test("findUnportable() knows the names that Windows keeps, with any ending, and none that only begins so", () => {
  const kept = ["nul", "Con.txt", "com1", "LPT9.tar.gz", "AUX ", "COM²", "conout$"];
  const free = ["null", "com", "com10", "console", "lpt", "xnul", "prn_", "aux-loss", "COMET"];
  assertEquals(
    found("windows", [...kept, ...free]).filter((one) => one.startsWith("name-of-device")),
    kept.toSorted().map((name) => `name-of-device ${name}`),
  );
  assertEquals(found("macos", kept), []);
});

Deno.test("findUnportable() finds what ends in a dot or a space, and letters that Windows keeps", () => {
  assertEquals(found("windows", ["a.", "b ", ".c", "d.e", 'f"', "g|h", "i\u0001", "j\\k"]), [
    "name-ends-in-dot-or-space a.",
    "name-ends-in-dot-or-space b ",
    'name-with-reserved-letter f"',
    "name-with-reserved-letter g|h",
    "name-with-reserved-letter i\u0001",
    "name-with-reserved-letter j\\k",
  ]);
  assertEquals(found("archive", ["a.", "b:", "j\\k"]), ["name-with-backslash j\\k"]);
});

Deno.test("findUnportable() takes for twins what each system takes for one, in one directory alone", () => {
  const composed = "caf\u00e9";
  const apart = "cafe\u0301";
  const names = ["Acc", "acc", "loss", "x/acc", composed, apart, "stra\u00dfe", "strasse"];
  assertEquals(found("windows", names), ["name-twins acc"]);
  assertEquals(found("macos", names), ["name-twins acc", `name-twins ${apart}`]);
  assertEquals(found("archive", names), []);
});

Deno.test("findUnportable() counts a path from where a store would lie, and tells of what lies around it alone", () => {
  const before = `C:\\mlruns/${PLACE}/`.length;
  const longest = "n".repeat(259 - before);
  assertEquals(found("windows", [longest]), []);
  assertEquals(found("windows", [`${longest}n`, `${longest}n/inside`]), [
    `path-too-long ${longest}n`,
  ]);
  const korean = "\ud55c".repeat(80);
  assertEquals(found("archive", [korean]), [`path-too-long-for-ustar ${korean}`]);
  assertEquals(found("windows", ["n".repeat(256)]), [
    `name-too-long ${"n".repeat(256)}`,
    `path-too-long ${"n".repeat(256)}`,
  ]);
  assertEquals(found("macos", ["\ud55c".repeat(86)]), [`name-too-long ${"\ud55c".repeat(86)}`]);
});

Deno.test("findUnportable() finds links, and names that are no text", () => {
  assertEquals(found("windows", ["link"], "link"), ["symbolic-link link"]);
  assertEquals(found("macos", ["link"], "link"), []);
  assertEquals(found("archive", ["\uFFFD"], "unreadable"), ["name-not-text \uFFFD"]);
  assertEquals(found("windows", ["locked"], "unreadable"), []);
});
