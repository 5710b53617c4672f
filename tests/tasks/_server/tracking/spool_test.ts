import { assertEquals } from "@std/assert";
import { type Logged, nextBatch, requestFor } from "../../../../tasks/_server/tracking/batches.ts";
import type { SpoolHead } from "../../../../tasks/_server/tracking/read_spool.ts";
import { createSpool, openSpool } from "../../../../tasks/_server/tracking/spool.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";

const HEAD: SpoolHead = { key: "a".repeat(32), experimentId: "1", create: null };
const tag = (key: string, text = "x"): Logged => ({ tag: [key, text] });

Deno.test("what was noted of a spool is known to whoever opens it next, and half a line is none", async () => {
  await using directory = await memoryDirectory();
  const spool = createSpool(directory.path, HEAD);
  assertEquals(openSpool(spool.path), null);
  spool.noteTry(1);
  spool.noteStart({ runId: "r", artifactUri: "mlflow-artifacts:/1/r/artifacts" });
  spool.acknowledge(spool.append(tag("first")));
  const end = spool.append(tag("second"));
  spool.noteRefusal("tag third: no");
  spool.close();
  Deno.writeTextFileSync(spool.path, '{"tag":["half"', { append: true });
  const again = openSpool(spool.path)!;
  const { head, started, tries, refused } = again;
  assertEquals([head, started?.runId, tries, refused], [HEAD, "r", 1, ["tag third: no"]]);
  assertEquals(nextBatch(again.next()), { entries: [tag("second")], end: again.size });
  again.acknowledge(end);
  again.acknowledge(again.append(tag("fourth")));
  assertEquals(again.sent, again.size);
  again.remove();
  assertEquals([...Deno.readDirSync(directory.path)], []);
});

Deno.test("a spool of which a server has all does not grow for ever", async () => {
  await using directory = await memoryDirectory();
  const spool = createSpool(directory.path, HEAD, { runId: "r", artifactUri: "" });
  const long = "x".repeat(100_000);
  for (let count = 0; count < 60; count++) spool.acknowledge(spool.append(tag("long", long)));
  spool.append(tag("last"));
  spool.close();
  const again = openSpool(spool.path)!;
  assertEquals(again.size < 3_000_000, true);
  assertEquals(again.started?.runId, "r");
  assertEquals(nextBatch(again.next())?.entries, [tag("last")]);
  again.remove();
});

Deno.test("a request holds as much as a server takes, in order", () => {
  const batched = (entries: readonly Logged[]) => {
    const sizes: number[] = [];
    for (let from = 0; from < entries.length;) {
      const part = entries.slice(from).map((entry, at) => ({
        entry: entry as Readonly<Record<string, unknown>>,
        end: from + at + 1,
      }));
      const { end } = nextBatch(part)!;
      sizes.push(end - from);
      from = end;
    }
    return sizes;
  };
  const many = (count: number, entry: Logged) => Array.from({ length: count }, () => entry);
  const point: Logged = { metric: ["loss", [[1, 2, 3]]] };
  assertEquals(batched(many(2001, point)), [1000, 1000, 1]);
  assertEquals(batched(many(150, { param: ["a", "b"] })), [100, 50]);
  assertEquals(batched([...many(950, point), ...many(60, tag("a"))]), [1000, 10]);
  // A megabyte, as JSON: characters of other scripts take more.
  assertEquals(batched(many(90, tag("a", "한".repeat(8000)))), [37, 37, 16]);
  assertEquals(
    batched([point, { end: ["FINISHED", 7] }, point, { artifact: ["a", "b"] }, point]),
    [1, 1, 1, 1, 1],
  );
});

Deno.test("of what comes twice in one request, the first value of a parameter counts and the last of a tag", () => {
  assertEquals(
    requestFor("r", [{ param: ["a", "1"] }, tag("b", "1"), { param: ["a", "2"] }, tag("b", "2")]),
    {
      name: "runs/log-batch",
      parameters: {
        run_id: "r",
        metrics: [],
        params: [{ key: "a", value: "1" }],
        tags: [{ key: "b", value: "2" }],
      },
    },
  );
});
