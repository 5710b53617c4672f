import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { inOrder } from "../../../../lib/store/path.ts";
import type { Depth, LoggedModel, StoreSnapshot } from "../../../../lib/store/snapshot.ts";
import { scanStore } from "../../../../tasks/_file/scan/scan.ts";
import {
  DAY,
  deletedRun,
  experiment,
  loggedModel,
  NOW,
  orphan,
  run,
  runId,
  type SnapshotInit,
} from "../../../_support/builders.ts";
import { tempStore } from "../../../_support/disk_store.ts";

const [ALIVE, REMOVED, USER] = [runId(1), runId(2), runId(3)];
const id = (number: number) => `m-${runId(number)}`;

async function scan<D extends Depth>(
  root: string,
  depth: D,
  sizes = false,
): Promise<StoreSnapshot<D>> {
  return await scanStore(root, { depth, sizes, now: NOW });
}

const modelsOf = ({ experiments, orphans }: StoreSnapshot): readonly LoggedModel[] =>
  inOrder([...experiments, ...orphans].flatMap(({ loggedModels }) => loggedModels));

/** Whether its stamp, its size and its last change are known. */
const isLookedAt = ({ stamp, usage, lastChange }: LoggedModel) =>
  [stamp !== "", usage !== null, lastChange !== null].every((one) => one);

const STORE: SnapshotInit = {
  experiments: [
    experiment({
      id: "1",
      runs: [run({ id: ALIVE }), deletedRun({ id: REMOVED }), run({ id: USER })],
      loggedModels: [
        loggedModel({ id: id(1), sourceRunId: ALIVE }),
        loggedModel({ id: id(2), sourceRunId: REMOVED }),
        loggedModel({ id: id(3), sourceRunId: runId(99) }),
        loggedModel({ id: id(4) }),
        loggedModel({ id: id(5), sourceRunId: ALIVE, lifecycleStage: "deleted" }),
      ],
    }),
    experiment({
      id: "2",
      lifecycleStage: "deleted",
      loggedModels: [loggedModel({ id: id(6), sourceRunId: runId(99) })],
    }),
  ],
  orphans: [orphan({ id: "3", loggedModels: [loggedModel({ id: id(7) })] })],
};

Deno.test("scanStore() looks at the logged models that may go, and at no other", async () => {
  await using store = await tempStore(STORE);
  const looked = async (depth: Depth, sizes = false) =>
    modelsOf(await scan(store.root, depth, sizes)).filter(isLookedAt).map((one) => one.id).sort();
  assertEquals(await looked("tags"), [id(2), id(3), id(5)]);
  assertEquals(await looked("full"), [id(2), id(3), id(5)]);
  assertEquals(await looked("meta"), []);
  assertEquals(
    modelsOf(await scan(store.root, "tags", true)).filter(({ usage }) => usage === null),
    [],
    "with sizes all are measured",
  );
});

Deno.test("scanStore() tells what names a logged model besides its run, and its tags", async () => {
  const usedBy = [
    { kind: "input", run: USER },
    { kind: "metric", run: USER },
    { kind: "output", run: USER },
    { kind: "trace", trace: "tr-1" },
  ] as const;
  await using store = await tempStore({
    experiments: [experiment({
      id: "1",
      traces: 1,
      runs: [deletedRun({ id: REMOVED }), run({ id: USER })],
      loggedModels: [
        loggedModel({ id: id(1), sourceRunId: REMOVED, usedBy, tags: { "mltidy.pin": "yes" } }),
        loggedModel({ id: id(2), sourceRunId: REMOVED }),
      ],
    })],
  });
  const [used, free] = modelsOf(await scan(store.root, "tags"));
  assertEquals([used?.usedBy, free?.usedBy], [usedBy, []]);
  assertEquals(used?.tags, new Map([["mltidy.pin", "yes"]]));
  assertEquals(used?.lastChange, NOW - 90 * DAY);
  assertEquals(used?.lastUpdatedTime, NOW - 90 * DAY);
});

const INPUT =
  `destination_id: ${USER}\ndestination_type: RUN\nsource_id: m-12\nsource_type: MODEL\ntags: {}\n`;

Deno.test("scanStore() takes what cannot be read for a use of every logged model that may go", async () => {
  const damages: readonly [string, string, string][] = [
    [`1/${USER}/inputs/x/meta.yaml`, "source_type: [", `1/${USER}/inputs/x/meta.yaml`],
    [`1/${USER}/inputs/x/meta.yaml`, INPUT, `1/${USER}/inputs`],
    [`1/${USER}/outputs/m-12/meta.yaml`, "", `1/${USER}/outputs`],
    ["1/traces/tr-0/request_metadata/mlflow.modelId", "m-12", "1/traces/tr-0"],
    [`1/models/${id(1)}/metrics/loss`, "1 0.5", `1/models/${id(1)}/metrics`],
    [`1/models/${id(1)}/tags/mltidy.pin/x`, "", `1/models/${id(1)}/tags/mltidy.pin`],
  ];
  for (const [path, text, named] of damages) {
    await using store = await tempStore({
      experiments: [experiment({
        id: "1",
        traces: 1,
        runs: [deletedRun({ id: REMOVED }), run({ id: USER })],
        loggedModels: [loggedModel({ id: id(1), sourceRunId: REMOVED })],
      })],
    });
    const at = join(store.root, path);
    Deno.mkdirSync(join(at, ".."), { recursive: true });
    Deno.writeTextFileSync(at, text);
    const [model] = modelsOf(await scan(store.root, "tags"));
    const paths = model?.usedBy.map((use) => use.kind === "unreadable" ? use.path : use.kind);
    assertEquals<unknown>(paths, [named], path);
  }
});

Deno.test("scanStore() takes a record that is a link for no record to remove anything by", async () => {
  await using store = await tempStore({
    experiments: [
      experiment({
        id: "1",
        runs: [deletedRun({ id: REMOVED }), deletedRun({ id: USER })],
        loggedModels: [1, 2].map((number) => loggedModel({ id: id(number), sourceRunId: REMOVED })),
      }),
      experiment({ id: "2" }),
      ...["3", "4"].map((id) => experiment({ id, lifecycleStage: "deleted" })),
    ],
  });
  for (const place of [`1/${REMOVED}`, `1/models/${id(1)}`, "2", ".trash/3"]) {
    const [record, elsewhere] = [
      join(store.root, place, "meta.yaml"),
      `${store.root}/../${place.replaceAll("/", "-")}`,
    ];
    Deno.copyFileSync(record, elsewhere);
    Deno.removeSync(record);
    Deno.symlinkSync(elsewhere, record);
  }
  const snapshot = await scan(store.root, "tags");
  assertEquals(inOrder(snapshot.experiments[0]!.runs).map(({ link }) => link), [true, false]);
  assertEquals(modelsOf(snapshot).map(({ link }) => link), [true, false]);
  assertEquals(
    snapshot.experiments.map(({ id, link }) => [id, link]),
    [["1", false], ["2", false], ["3", true], ["4", false]],
  );
  const { experiments } = await scan(store.root, "full");
  assertEquals(experiments.flatMap((each) => [each, ...each.runs]).filter(({ link }) => link), []);
});

Deno.test("a plan is stale once a logged model that may go has changed, or is used", async () => {
  const fingerprint = async (change: (root: string) => void) => {
    await using store = await tempStore(STORE);
    const before = await scan(store.root, "tags");
    change(store.root);
    return (await scan(store.root, "tags")).fingerprint === before.fingerprint;
  };
  const write = (path: string) => (root: string) => {
    Deno.mkdirSync(join(root, path, ".."), { recursive: true });
    Deno.writeTextFileSync(join(root, path), "");
  };
  assertEquals(await fingerprint(() => {}), true);
  assertEquals(await fingerprint(write(`1/models/${id(3)}/artifacts/more`)), false);
  assertEquals(await fingerprint(write(`1/${USER}/outputs/${id(3)}/meta.yaml`)), false);
  assertEquals(
    await fingerprint(write(`1/models/${id(4)}/artifacts/more`)),
    true,
    "it stays anyhow",
  );
});
