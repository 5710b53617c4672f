/**
 * Tracking servers of real MLflow: of each version, on SQLite and on PostgreSQL, one with accounts. They are started
 * once, at the same time, for all that is tried on them.
 *
 * @module
 */

import { assert } from "@std/assert";
import { join } from "@std/path";
import { tempDirectory } from "../../_support/temp_directory.ts";
import { versionsThatRun } from "../each_version.ts";
import { obstacle, startServer } from "../postgres.ts";
import type { MlflowVersion } from "../python.ts";
import { postgresBackend, sqliteBackend } from "./backend.ts";
import {
  applySavedAndRepair,
  doAsTold,
  failAndSettle,
  pruneAndRestore,
  pruneTwice,
  pruneWhileTraining,
  refuseOthers,
  type Subject,
} from "./change_suite.ts";
import { compareDouble } from "./compare_double.ts";
import { planTheSame } from "./plan_suite.ts";
import { trainOver } from "./train_suite.ts";
import { hasAccounts, startTrackingServer } from "./start_server.ts";

type Try = readonly [behaviour: string, test: (subject: Subject) => Promise<void>];

/** What is tried on every server, one after the other. */
const EVERYWHERE: readonly Try[] = [
  ["what is deleted over it, and restored, is as it was", pruneAndRestore],
  ["a saved plan is carried out over it, and runs that nobody ended end", applySavedAndRepair],
  ["the same is planned over it as of its database", planTheSame],
  ["training into it goes on whatever fails, and all of it is there", trainOver],
];

/** What asks much, and goes no other way where there are accounts. */
const OFTEN: readonly Try[] = [
  ["two who clean up at the same time delete nothing twice", pruneTwice],
  ["what the front page tells of it, and of what keeps its store, is what the tasks do", doAsTold],
  ["training goes on meanwhile", pruneWhileTraining],
  ["whatever fails in between, nothing is lost", failAndSettle],
];

const ACCOUNTS: readonly Try[] = [["who may not see all changes nothing", refuseOthers]];

interface Kind {
  readonly version: MlflowVersion;
  readonly keeps: "SQLite" | "PostgreSQL" | "SQLite, with accounts";
}

Deno.test("tracking servers of real MLflow", async (context) => {
  await using stack = new AsyncDisposableStack();
  const postgres = obstacle === null ? stack.use(await startServer()) : null;
  const start = async ({ version, keeps }: Kind) => {
    const directory = stack.use(await tempDirectory()).path;
    const name = `mlflow${version.name.split(".")[0]}`;
    const accounts = keeps === "SQLite, with accounts";
    if (accounts) assert(await hasAccounts(version), "run deno task test:mlflow");
    const { forMlflow, uri: backend } = keeps === "PostgreSQL"
      ? await postgresBackend(postgres!, name)
      : sqliteBackend(version, directory);
    const { uri } = stack.use(
      await startTrackingServer(version, { backend: forMlflow, directory, accounts }),
    );
    const schema = version.name.startsWith("2.") ? "2.22" : "3.17";
    const tries: readonly Try[] = keeps === "SQLite"
      ? [...triesOf(keeps), [
        "the server in this process, which other tests ask, answers as it does",
        () => compareDouble({ uri, database: join(directory, "mlflow.db"), schema }),
      ]]
      : triesOf(keeps);
    return { uri, backend, what: `MLflow ${version.name} on ${keeps}`, tries };
  };
  const subjects = await Promise.all(kindsOf(postgres !== null).map(start));
  await Promise.all(subjects.map(async ({ what, uri, backend, tries }) => {
    for (const [behaviour, test] of tries) {
      await context.step({
        name: `${what}: ${behaviour}`,
        fn: () => test({ uri, backend }),
        // Servers are tried at the same time.
        ...{ sanitizeOps: false, sanitizeResources: false, sanitizeExit: false },
      });
    }
  }));
});

function kindsOf(hasPostgres: boolean): readonly Kind[] {
  const all = versionsThatRun();
  return [
    ...all.flatMap((version): readonly Kind[] => [
      { version, keeps: "SQLite" },
      ...hasPostgres ? [{ version, keeps: "PostgreSQL" } as const] : [],
    ]),
    ...all.slice(-1).map((version): Kind => ({ version, keeps: "SQLite, with accounts" })),
  ];
}

function triesOf(keeps: Kind["keeps"]): readonly Try[] {
  return [...EVERYWHERE, ...keeps === "SQLite, with accounts" ? ACCOUNTS : OFTEN];
}
