import { assertEquals, assertRejects } from "@std/assert";
import { DamagedBackupError } from "../../../../lib/errors.ts";
import { join } from "@std/path";
import type { CopyManifest } from "../../../../lib/backup/backup.ts";
import type { OnlyCopies } from "../../../../lib/backup/plan_expiry.ts";
import { findOnlyCopies } from "../../../../tasks/_file/backups/find_only_copies.ts";
import { backup } from "../../../../tasks/backups/backup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { experiment, NOW, run, runId } from "../../../_support/builders.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";

const STORE = { experiments: [experiment({ id: "7", runs: [run({ id: runId(1) })] })] };

/** A store with two copy backups, newest first. */
async function backedUpTwice(
  prepare: (root: string) => void = () => {},
  change: (root: string) => void = () => {},
) {
  const place = await tempStore(STORE);
  const { root } = place;
  prepare(root);
  const copies: (CopyManifest & { readonly directory: string })[] = [];
  for (const now of [NOW, NOW + 1]) {
    await using store = await openStore(root, { now: () => now });
    const { path } = await backup(store);
    const manifest = JSON.parse(Deno.readTextFileSync(join(path, "manifest.json")));
    copies.unshift({ ...manifest, directory: path });
    if (now === NOW) change(root);
  }
  const backups = join(root, ".mltidy.trash/backups");
  return {
    root,
    listOf: (index: number) => join(backups, copies[index]!.id, "entries.jsonl"),
    options: { root, copies, candidates: copies.map(({ id }) => id) },
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

Deno.test("findOnlyCopies() finds what neither the store nor a newer backup has", async () => {
  await using made = await backedUpTwice();
  const { root, options } = made;
  assertEquals(await findOnlyCopies(options), new Map());
  const path = `7/${runId(1)}/params/lr`;
  const bytes = Deno.statSync(join(root, path)).size;
  Deno.removeSync(join(root, path));
  assertEquals(
    await findOnlyCopies(options),
    new Map([[options.copies[0]!.id, { files: 1, bytes, example: path, unsound: null }]]),
  );
});

const LINK = `7/${runId(1)}/artifacts/link`;
const ONLY_LINK = { files: 1, bytes: 0, example: LINK, unsound: null };

/** What can become of a link, which the older copy of two holds, and what the copies alone hold then. */
const LINKS: readonly {
  readonly name: string;
  readonly change: (made: Awaited<ReturnType<typeof backedUpTwice>>) => void;
  readonly only: readonly [newer: OnlyCopies | undefined, older: OnlyCopies | undefined];
}[] = [
  { name: "is there", change: () => {}, only: [undefined, undefined] },
  {
    name: "is in .trash",
    change: ({ root }) => Deno.renameSync(join(root, "7"), join(root, ".trash/7")),
    only: [undefined, undefined],
  },
  {
    name: "is gone",
    change: ({ root }) => Deno.removeSync(join(root, LINK)),
    only: [ONLY_LINK, undefined],
  },
  {
    name: "leads elsewhere",
    change: ({ root }) => linkTo(root, "/data/other.bin"),
    only: [ONLY_LINK, undefined],
  },
  {
    name: "is gone, and from the newer copy",
    change: ({ root, options: { copies: [newer] } }) => {
      Deno.removeSync(join(root, LINK));
      Deno.removeSync(join(newer!.directory, "files", LINK));
    },
    only: [ONLY_LINK, {
      ...ONLY_LINK,
      unsound: { id: "", message: "expected a link to /data/big.bin" },
    }],
  },
];

function linkTo(root: string, target: string): void {
  Deno.removeSync(join(root, LINK));
  Deno.symlinkSync(target, join(root, LINK));
}

for (const { name, change, only } of LINKS) {
  Deno.test(`findOnlyCopies() finds who alone holds a link that ${name}`, async () => {
    await using made = await backedUpTwice((root) =>
      Deno.symlinkSync("/data/big.bin", join(root, LINK))
    );
    const [newer, older] = made.options.candidates;
    change(made);
    const found = await findOnlyCopies(made.options);
    const expected = only.map((one) =>
      one?.unsound ? { ...one, unsound: { ...one.unsound, id: newer! } } : one
    );
    assertEquals([found.get(newer!), found.get(older!)], expected);
  });
}

const RECORDS = ["7/meta.yaml", `7/${runId(1)}/meta.yaml`];
const METRIC = `7/${runId(1)}/metrics/loss`;

/** What becomes of a file between two copies, and whether the newer one stands in for the older. */
const VERSIONS: readonly {
  readonly name: string;
  readonly path: string;
  readonly change: (text: string) => string;
  readonly message: string | null;
}[] = [
  ...RECORDS.map((path) => ({
    name: `${path} that was cut off`,
    path,
    change: (text: string) => text.slice(0, 30),
    message: "expected a record that MLflow can read, found none",
  })),
  {
    name: "a record with another name",
    path: RECORDS[1]!,
    change: (text) => `${text}zebra: 1\n`,
    message: null,
  },
  {
    name: "a metric that has lost its points",
    path: METRIC,
    change: () => "",
    message: "expected 6 bytes, found 0",
  },
  {
    name: "a metric that has lost a point",
    path: METRIC,
    change: (text) => text.slice(0, 3),
    message: null,
  },
];

for (const { name, path, change, message } of VERSIONS) {
  Deno.test(`findOnlyCopies() takes ${message === null ? "" : "not "}for a version ${name}`, async () => {
    let bytes = 0;
    await using made = await backedUpTwice(
      (root) => writeFiles(root, { [METRIC]: "1 2 3\n" }),
      (root) => {
        const text = Deno.readTextFileSync(join(root, path));
        bytes = new TextEncoder().encode(text).length;
        Deno.writeTextFileSync(join(root, path), change(text));
      },
    );
    const [newer, older] = made.options.candidates;
    const unsound = { id: newer!, message: message! };
    assertEquals(
      await findOnlyCopies(made.options),
      new Map(message === null ? [] : [[older!, { files: 1, bytes, example: path, unsound }]]),
    );
  });
}

// Whatever else it opened, it has to close: the sanitizer finds what stays open.
const closesAll = { sanitizeResources: true };

for (const index of [0, 1]) {
  for (const [label, damage] of [["at its beginning", "\n"], ["further on", ""]] as const) {
    Deno.test({
      ...closesAll,
      name: `findOnlyCopies() closes every list when list ${index} is damaged ${label}`,
      fn: async () => {
        await using made = await backedUpTwice();
        const list = made.listOf(index);
        const lines = Deno.readTextFileSync(list);
        Deno.writeTextFileSync(list, damage || lines.replace(/\n(?=[^\n]+\n$)/, "\nno entry "));
        await assertRejects(
          () => findOnlyCopies(made.options),
          DamagedBackupError,
          `Cannot read ${list}: line`,
        );
      },
    });
  }
}

Deno.test({
  ...closesAll,
  name: "findOnlyCopies() closes every list when a list is gone, or it is stopped",
  fn: async () => {
    await using made = await backedUpTwice();
    const stop = new AbortController();
    const onProgress = () => stop.abort("enough");
    const reason = await findOnlyCopies({ ...made.options, signal: stop.signal, onProgress })
      .catch((reason) => reason);
    assertEquals(reason, "enough");
    Deno.removeSync(made.listOf(1));
    await assertRejects(() => findOnlyCopies(made.options), DamagedBackupError);
  },
});
