import { assertEquals } from "@std/assert";
import { datedName, expiredReports, KEPT_REPORTS } from "../../../lib/report/report_names.ts";

const AT = Date.UTC(2026, 10, 30, 3, 30, 9, 41);

Deno.test("datedName() puts the time before the extension, and a number behind one that is taken", () => {
  const free = () => false;
  assertEquals(datedName("a.json", AT, free), "a.20261130T033009Z.json");
  assertEquals(datedName("report", AT, free), "report.20261130T033009Z");
  assertEquals(datedName(".report", AT, free), ".report.20261130T033009Z");
  const taken = ["a.b.20261130T033009Z.json", "a.b.20261130T033009Z-2.json"];
  assertEquals(
    datedName("a.b.json", AT, (name) => taken.includes(name)),
    "a.b.20261130T033009Z-3.json",
  );
});

Deno.test("expiredReports() names the oldest, and nothing that is no report of that name", () => {
  const dated = Array.from(
    { length: KEPT_REPORTS + 2 },
    (_, index) => datedName("a.json", AT + index * 86_400_000, () => false),
  );
  const twice = dated[0]!.replace("Z.json", "Z-2.json");
  const others = ["a.json", "b.20200101T000000Z.json", "a.20200101.json", "a.x.json", "a.json.new"];
  assertEquals(
    expiredReports("a.json", [...others, twice, ...dated.toReversed()]),
    [dated[1]!, twice, dated[0]!],
  );
  assertEquals(expiredReports("a.json", others), []);
});
