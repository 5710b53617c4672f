import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { safeRun } from "../../../../tasks/training/mod.ts";
import { trainingStore } from "../../../_support/training.ts";

Deno.test({
  name: "a write that the disk takes only in part leaves no torn line",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using training = await trainingStore();
    const { root, experimentId, read } = training;
    const script = join(training.outside, "fill.ts");
    Deno.writeTextFileSync(
      script,
      `import { openStore } from "mltidy";
      import { safeRun } from "mltidy/train";
      await using store = await openStore(${JSON.stringify(root)});
      const options = { experimentId: ${JSON.stringify(experimentId)}, warn: () => {} };
      await safeRun(store, options, async (run) => {
        const kinds = new Set();
        let logged = 0;
        for (let step = 0; step < 400; step++) {
          const { outcome, problem } = await run.logMetric("loss", 1 / 3, { step });
          if (outcome === "logged") logged++;
          if (problem) kinds.add(problem.kind);
        }
        console.log(JSON.stringify({ id: run.id, logged, kinds: [...kinds] }));
      });`,
    );
    // No file may grow beyond 8 KiB: what does not fit any more is cut off, as on a full disk.
    const config = fromFileUrl(new URL("../../../../deno.json", import.meta.url));
    const { stdout, stderr } = await new Deno.Command("bash", {
      args: [
        "-c",
        'trap "" XFSZ; ulimit -f 8; exec "$@"',
        "bash",
        ...[Deno.execPath(), "run", "-A", "--quiet", "--no-check", "--config", config, script],
      ],
    }).output();
    const text = new TextDecoder();
    assert(stdout.length > 0, text.decode(stderr));
    const { id, logged, kinds } = JSON.parse(text.decode(stdout));
    assertEquals(kinds, ["write-failed"]);
    const lines = (read(experimentId, id, "metrics", "loss") ?? "").split("\n");
    assertEquals(lines.pop(), "");
    assertEquals(lines.length, logged);
    assertEquals(lines.filter((line) => !/^\d+ 0\.3333333333333333 \d+$/.test(line)), []);
    assert(logged > 100 && logged < 400);
  },
});

Deno.test({
  name: "a metric is appended to no pipe and through no link, and the training goes on",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using training = await trainingStore();
    const { root, experimentId, store, read } = training;
    const thesis = join(training.outside, "thesis");
    Deno.writeTextFileSync(thesis, "mine");
    const options = { experimentId, warn: () => {} };
    const seen = await safeRun(store, options, async (run) => {
      const metrics = join(root, experimentId, run.id!, "metrics");
      await run.logMetric("before", 1, { step: 1 });
      await new Deno.Command("mkfifo", { args: [join(metrics, "pipe")] }).output();
      Deno.symlinkSync(thesis, join(metrics, "link"));
      const kinds = [];
      for (const key of ["pipe", "link", "after"]) {
        const { outcome, problem } = await run.logMetric(key, 1, { step: 1 });
        kinds.push([key, outcome, problem?.message.includes("it is no regular file") ?? false]);
      }
      return { id: run.id!, kinds };
    });
    assertEquals(seen.kinds, [
      ["pipe", "not-logged", true],
      ["link", "not-logged", true],
      ["after", "logged", false],
    ]);
    assertEquals(Deno.readTextFileSync(thesis), "mine");
    assertMatch(read(experimentId, seen.id, "metrics", "after") ?? "", /^\d+ 1(\.0)? 1\n$/);
  },
});
