import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { InvalidArgumentError } from "../../lib/errors.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import { pin } from "../../tasks/pin.ts";
import { DAY, deletedRun, experiment, NOW, run, runId } from "../_support/builders.ts";
import { runTask } from "../_support/command.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { diskStore, tempStore } from "../_support/disk_store.ts";
import { startMlflowDouble } from "../_support/mlflow_double.ts";
import { hasSetpriv, runTaskWithout } from "../_support/other_rights.ts";

const OLD = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };
const [FIRST, SECOND, GONE] = ["a".repeat(32), `b1${"b".repeat(30)}`, "c".repeat(32)] as const;
const STORE = {
  experiments: [
    experiment({ id: "0", name: "Default" }),
    experiment({
      id: "1",
      runs: [
        run({ id: FIRST, experimentId: "1", name: "baseline", ...OLD }),
        run({ id: SECOND, experimentId: "1", name: "twin", ...OLD }),
        run({ id: runId(3), experimentId: "1", name: "twin", ...OLD }),
        deletedRun({ id: GONE, experimentId: "1", name: "gone", ...OLD, deletedTime: NOW - DAY }),
      ],
    }),
  ],
};

/** What a clean-up would take of the active runs. */
async function goingFrom(location: string): Promise<readonly string[]> {
  await using store = await openStore(location, { now: () => NOW });
  const { plan } = await cleanup(store);
  return plan.actions.flatMap((one) => one.kind === "soft-delete-run" ? [one.runId] : [])
    .toSorted();
}

async function pinsAndUnpins(location: string): Promise<void> {
  const all = [runId(3), FIRST, SECOND].toSorted();
  assertEquals(await goingFrom(location), all);
  await using store = await openStore(location, { now: () => NOW });
  const only = await pin(store, ["baseline"], { dryRun: true });
  assertEquals([only.dryRun, only.runs.length, await goingFrom(location)], [true, 1, all]);
  const report = await pin(store, ["baseline", `1/${SECOND.slice(0, 6)}…`, FIRST]);
  assertEquals(report.runs.map(({ runId, changes }) => [runId, changes]), [[FIRST, true], [
    SECOND,
    true,
  ]]);
  assertEquals(await goingFrom(location), [runId(3)]);
  for (const wrong of ["twin", "nothing", "gone", "bbbb"]) {
    await assertRejects(
      () => pin(store, [runId(3), wrong]),
      RangeError,
      `${wrong === "gone" ? GONE : wrong}`,
    );
  }
  assertEquals(
    await goingFrom(location),
    [runId(3)],
    "one that is not clear keeps all others from it",
  );
  const again = await pin(store, [FIRST]);
  assertEquals(again.runs.map(({ changes }) => changes), [false]);
  await pin(store, ["baseline", SECOND], { pinned: false });
  assertEquals(await goingFrom(location), all);
}

Deno.test("pin() keeps runs of a directory from every clean-up, and unpins them again", async () => {
  await using place = await tempStore(STORE);
  await pinsAndUnpins(place.root);
});

Deno.test("pin() keeps runs of a database from every clean-up, and unpins them again", async () => {
  await using place = await tempDatabase(STORE);
  await pinsAndUnpins(place.path);
});

Deno.test("pin() keeps runs of a server from every clean-up, and unpins them again", async () => {
  await using server = await startMlflowDouble(STORE);
  await pinsAndUnpins(server.uri);
});

const page = await Deno.readTextFile(new URL("../../tasks/README.md", import.meta.url));

Deno.test("pin() says what is in the way of a pin, and writes through no link", async () => {
  await using place = await tempStore(STORE);
  await using store = await openStore(place.root, { now: () => NOW });
  const tags = join(place.root, "1", FIRST, "tags");
  const tag = join(tags, "mltidy.pin");
  const refused = (path: string, what: string) =>
    assertRejects(() => pin(store, [FIRST]), InvalidArgumentError, `${path} is ${what}`);
  Deno.mkdirSync(tag, { recursive: true });
  await refused(tag, "a directory; move it away");
  Deno.removeSync(tags, { recursive: true });
  Deno.writeTextFileSync(tags, "");
  await refused(tags, "no directory; move it away");
  Deno.removeSync(tags);
  Deno.symlinkSync(place.outside, tags);
  await refused(tags, "a symbolic link");
  assertEquals([...Deno.readDirSync(place.outside)].length, 0);
});

Deno.test("what the page says of pins is run as it is written", async () => {
  await using place = await diskStore({
    experiments: [
      experiment({
        id: "1",
        runs: [
          run({ id: `3a7bb8${"0".repeat(26)}`, name: "best", ...OLD }),
          run({ id: FIRST, name: "baseline", ...OLD }),
        ],
      }),
    ],
  });
  const [, section = ""] = /^## Pins\n(.*?)^## /ms.exec(page) ?? [];
  const lines = [...section.matchAll(/^deno task (\S+) (.*)$/gm)];
  const printed: string[] = [];
  for (const [, task = "", rest = ""] of lines) {
    const { code, out } = await runTask(
      task,
      rest.replace("~/project/mlruns", place.root).split(" "),
    );
    assertEquals(code, 0);
    printed.push(out);
  }
  assertEquals(printed, [
    `Pinned: best  1/3a7bb8${"0".repeat(26)}\nPinned: baseline  1/${FIRST}\n`,
    `Unpinned: baseline  1/${FIRST}\n`,
  ]);
  const missing = await runTask("pin", ["--store", place.root]);
  assertEquals([missing.code, missing.err], [
    2,
    "Missing argument of pin: expected deno task pin RUN…\n",
  ]);
});

Deno.test({
  name: "pin() says of a store that nobody may change that it cannot be, and touches nothing",
  ignore: !await hasSetpriv(),
  fn: async () => {
    await using place = await tempStore(STORE);
    const directory = join(place.root, "1", FIRST);
    for (const path of [directory, place.root]) Deno.chmodSync(path, 0o555);
    const rights = ["dac_override", "dac_read_search"];
    const { code, said } = await runTaskWithout(rights, "pin", [FIRST, "--store", place.root]);
    Deno.chmodSync(place.root, 0o755);
    Deno.chmodSync(directory, 0o755);
    assertEquals([code, said], [
      10,
      `Store ${place.root} (chosen by --store)\n` +
      `Cannot change store ${place.root}: Permission denied; nothing was touched\n`,
    ]);
  },
});
