import { assert, assertEquals } from "@std/assert";
import type { EventLine, StoreView } from "../../../tasks/_web/messages.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { review } from "../../../tasks/review.ts";
import { experiment, NOW, run, runId } from "../../_support/builders.ts";
import { relocateRows, type TempDatabase, tempDatabase } from "../../_support/database_store.ts";
import { clientOf, type PageClient } from "../../_support/web_page.ts";

const STORE = {
  experiments: [experiment({ runs: [run({ id: runId(1) }), run({ id: runId(2) })] })],
};

/** Follows what the page is told until all is looked at. */
async function untilVerified(client: PageClient): Promise<readonly EventLine[]> {
  const told: EventLine[] = [];
  const lines = (await client.ask("events")).body!.pipeThrough(new TextDecoderStream());
  let rest = "";
  for await (const text of lines) {
    const parts = `${rest}${text}`.split("\n");
    rest = parts.pop()!;
    told.push(...parts.filter((line) => line !== "").map((line) => JSON.parse(line)));
    if (told.some(({ event }) => event === "verified")) break;
  }
  return told;
}

async function look(
  { uri }: TempDatabase,
  artifactsDestination?: string,
): Promise<{ readonly failed: readonly EventLine[]; readonly totals: StoreView["totals"] }> {
  await using store = await openStore(uri, { now: () => NOW, artifactsDestination });
  await using page = await review(store, { port: 0 });
  await page.ready;
  const client = clientOf(page);
  const told = await untilVerified(client);
  const { totals } = await client.get<StoreView>("store");
  return { failed: told.filter(({ event }) => event === "failed"), totals };
}

Deno.test("what lies where nobody can look is no failure of the page, which says why sizes are not known", async () => {
  await using database = await tempDatabase(STORE, { artifacts: true });
  const away = `${database.directory}/elsewhere`;
  Deno.renameSync(database.artifacts, away);
  relocateRows(database.path, database.artifacts, "mlflow-artifacts:");
  const unknown = await look(database);
  assertEquals([unknown.failed, unknown.totals.bytes], [[], null]);
  assertEquals(
    unknown.totals.unmeasured,
    "The artifacts of 2 of 2 runs lie behind a server, and nothing here says where it keeps them. Set MLFLOW_ARTIFACTS_DESTINATION to what `mlflow server` has as --artifacts-destination, and start this page again.",
  );
  // What it says to do helps.
  const known = await look(database, away);
  assertEquals([known.failed, known.totals.unmeasured], [[], null]);
  assert(known.totals.bytes! > 0);
  relocateRows(database.path, "mlflow-artifacts:", "gs://models");
  const { failed, totals } = await look(database);
  assertEquals([failed, totals.bytes], [[], null]);
  assertEquals(
    totals.unmeasured?.replace(database.uri, "STORE").replace(/gs:\S*,/, "gs:…,"),
    "Cannot measure store STORE: the artifacts of 2 of its 2 runs lie elsewhere, such as gs:…, where mltidy cannot look",
  );
});
