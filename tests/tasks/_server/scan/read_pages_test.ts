import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseStoreName, type ServerName } from "../../../../lib/store/store_uri.ts";
import { READING } from "../../../../tasks/_server/client/endpoints.ts";
import { openClient } from "../../../../tasks/_server/client/open_client.ts";
import { RequestError } from "../../../../tasks/_server/client/request_error.ts";
import { readAll, readRuns, type RunsOptions } from "../../../../tasks/_server/scan/read_pages.ts";
import { json, serverDouble } from "../../../_support/server_double.ts";

interface Row {
  readonly id: string;
  readonly started: number | null;
}

const rowsFrom = (first: number, count: number): Row[] =>
  Array.from({ length: count }, (_, at) => ({ id: `r${first + at}`, started: first + at }));

/** Pages by offsets into what there is at the moment, as MLflow's stores do. */
function table(
  rows: Row[],
  afterPage: (asked: number) => void = () => {},
  fails: (size: number) => boolean = () => false,
) {
  let asked = 0;
  return serverDouble(({ body }) => {
    const { max_results, page_token, filter } = JSON.parse(body);
    if (fails(max_results)) return new Response("", { status: 504 });
    const least = Number(/>= (-?\d+)$/.exec(filter ?? "")?.[1] ?? NaN);
    const at = (row: Row) => row.started ?? Infinity;
    const all = rows
      .filter(({ started }) => filter === undefined || started !== null && started >= least)
      .toSorted((left, right) =>
        left.started === right.started ? 0 : at(left) < at(right) ? -1 : 1
      );
    const from = page_token === undefined ? 0 : Number(JSON.parse(atob(page_token)).offset);
    const end = from + max_results;
    const answer = json({
      runs: all.slice(from, end).map(({ id, started }) => ({
        info: { run_id: id, experiment_id: "1", start_time: started },
      })),
      ...(end < all.length ? { next_page_token: btoa(`{"offset": ${end}}`) } : {}),
    });
    if (filter === undefined) afterPage(++asked);
    return answer;
  });
}

async function read(
  uri: string,
  options: Partial<RunsOptions> & { readonly experiments?: readonly string[] } = {},
): Promise<readonly string[]> {
  using client = openClient(parseStoreName(uri) as ServerName, {
    endpoints: READING,
    environment: () => undefined,
    pause: () => Promise.resolve(),
  });
  const ids: string[] = [];
  const { experiments = ["1"], ...how } = options;
  await readRuns(client, experiments, {
    ...{ atATime: 100, onRun: ({ row }) => ids.push(row.id), ...how },
  });
  assertEquals(new Set(ids).size, ids.length, "a run came twice");
  return ids;
}

Deno.test("readRuns() gives each run once, also those of one moment or of none", async () => {
  const rows = [
    ...rowsFrom(0, 250),
    ...Array.from({ length: 130 }, (_, at) => ({ id: `tie${at}`, started: 300 })),
    ...Array.from({ length: 120 }, (_, at) => ({ id: `none${at}`, started: null })),
  ];
  await using server = table(rows);
  assertEquals((await read(server.uri)).toSorted(), rows.map(({ id }) => id).toSorted());
});

Deno.test("readRuns() loses no run and doubles none while others begin, back-date and remove runs", async () => {
  const rows = rowsFrom(1_000, 950);
  const stays = new Set(rows.filter((_, at) => at >= 180).map(({ id }) => id));
  await using server = table(rows, (page) => {
    rows.push({ id: `new${page}`, started: 9_000 + page }, { id: `old${page}`, started: page });
    // As `mlflow gc` does: what follows comes earlier.
    if (page === 2) rows.splice(rows.findIndex(({ id }) => id === "r1000"), 180);
  });
  const found = new Set(await read(server.uri));
  assertEquals([...stays].filter((id) => !found.has(id)), []);
});

Deno.test("readRuns() reads more runs of one moment, or of none, than a page has, and loses none while others write", async () => {
  for (const started of [0, 300, null]) {
    const rows = [
      ...rowsFrom(1, 150),
      ...Array.from({ length: 1_030 }, (_, at) => ({ id: `tie${at}`, started })),
      ...rowsFrom(400, 150),
    ];
    let pages = 0;
    await using quiet = table(rows, () => pages++);
    assertEquals((await read(quiet.uri)).toSorted(), rows.map(({ id }) => id).toSorted());
    // It is read once: a page, and what lies between two.
    assert(pages < 40, `${pages}`);
    const stays = new Set(rows.map(({ id }) => id));
    await using busy = table(rows, (page) => {
      if (page % 5 !== 0) return;
      const first = rows.findIndex(({ id }) => id.startsWith("tie"));
      for (const { id } of rows.splice(first, 15)) stays.delete(id);
      rows.push({ id: `new${page}`, started: 9_000 + page });
    });
    const found = new Set(await read(busy.uri));
    assertEquals([...stays].filter((id) => !found.has(id)), [], `${started}`);
  }
});

Deno.test("readRuns() reads all again where very many runs are removed at once, and says so where that has no end", async () => {
  const rows = rowsFrom(0, 2_000);
  await using server = table(rows, (page) => page === 3 && rows.splice(0, 300));
  const found = new Set(await read(server.uri));
  assertEquals(rows.filter(({ id }) => !found.has(id)), []);
  const others = rowsFrom(0, 20_000);
  await using busy = table(others, (page) => {
    others.splice(0, 150);
    others.push(...rowsFrom(30_000 + 90 * page, 90));
  });
  const { message } = await assertRejects(() => read(busy.uri), RequestError);
  assert(message.startsWith("others remove runs for good faster"), message);
});

Deno.test("readRuns() asks for fewer at a time where a server fails at many", async () => {
  const rows = rowsFrom(0, 200);
  const sizes: number[] = [];
  await using server = table(rows, () => {}, (size) => {
    sizes.push(size);
    return size > 60;
  });
  assertEquals((await read(server.uri)).length, 200);
  assertEquals(sizes.slice(0, 7), [100, 100, 100, 100, 100, 50, 50]);
});

Deno.test("readAll() refuses a list without an end, and what is no list", async () => {
  const listing = {
    name: "experiments/search",
    field: "experiments",
    parameters: { max_results: 1 },
  } as const;
  for (const answer of [{ next_page_token: "x" }, { experiments: {} }, { experiments: ["a"] }]) {
    await using server = serverDouble(() => json(answer));
    using client = openClient(parseStoreName(server.uri) as ServerName, {
      endpoints: READING,
      environment: () => undefined,
    });
    assertEquals(
      (await assertRejects(() => readAll(client, listing), RequestError)).failure,
      "foreign",
    );
  }
});

Deno.test("readAll() refuses a list that comes back to a page that it has given", async () => {
  let asked = 0;
  await using server = serverDouble(() =>
    json({ experiments: [], next_page_token: `${asked++ % 3}` })
  );
  using client = openClient(parseStoreName(server.uri) as ServerName, {
    endpoints: READING,
    environment: () => undefined,
  });
  const listing = { name: "experiments/search", field: "experiments", parameters: {} } as const;
  const { message } = await assertRejects(() => readAll(client, listing), RequestError);
  assertEquals([message, asked], ["the server's list of experiments has no end", 4]);
});

Deno.test("readRuns() tells about how many runs there are from its first page on, and never fewer than it has read", async () => {
  await using server = table(rowsFrom(0, 1_730));
  const told: (readonly [number, number | undefined])[] = [];
  await read(server.uri, { onProgress: (runs, all) => told.push([runs, all]) });
  const alls = told.map(([, all]) => all ?? NaN);
  assertEquals(told.length, 18);
  assert(alls.every((all) => Math.abs(all / 1_730 - 1) < 0.04), `${alls}`);
  assert(told.every(([runs, all]) => runs <= all!));
  assertEquals(told.at(-1), [1_730, 1_730]);
});
