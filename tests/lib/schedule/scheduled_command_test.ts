import { assertEquals } from "@std/assert";
import { readConfig } from "../../../lib/policy/config.ts";
import type { ScheduledTask } from "../../../lib/policy/scheduled_task.ts";
import { isCached, scheduledWork } from "../../../lib/schedule/scheduled_command.ts";

const PLACES = {
  program: "/usr/bin/deno",
  memory: "--v8-flags=--max-semi-space-size=4",
  clone: "/opt/mltidy",
  home: "/home/kim",
  state: "/home/kim/.local/state",
  artifacts: null,
};
const REPORT = "/home/kim/reports/x.json";
const TOLD = { store: "/data/mlruns", config: null, backups: null, report: REPORT, flags: [] };

/** What is granted, by the names of the flags. */
function granted(words: readonly string[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(words.flatMap((word) => {
    const [, flag, value = ""] = /^--allow-(\w+)(?:=(.*))?$/.exec(word) ?? [];
    return flag === undefined ? [] : [[flag, value]];
  }));
}

const rightsOf = (task: ScheduledTask, told: Partial<typeof TOLD>, more = {}) =>
  granted(scheduledWork(task, { ...TOLD, ...told }, null, { ...PLACES, ...more }).command.words);

Deno.test("scheduledWork() lets a task that applies write into the store and its report, and no other place", () => {
  assertEquals(rightsOf("cleanup:apply", {}), {
    read: "/opt/mltidy,/data,/home/kim/reports",
    write: "/data/mlruns,/home/kim/reports",
    env: "MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
    sys: "hostname",
  });
});

Deno.test("scheduledWork() lets a task that plans or verifies write its report alone", () => {
  for (const task of ["cleanup", "prune", "repair", "verify"] as const) {
    const { write, sys } = rightsOf(task, {});
    assertEquals([write, sys], ["/home/kim/reports", undefined], task);
  }
});

Deno.test("scheduledWork() names what a database needs: what lies beside it, its artifacts, or its host", () => {
  const lite = rightsOf("cleanup:apply", { store: "sqlite:////data/mlflow.db" }, {
    artifacts: "/srv/artifacts",
  });
  assertEquals([lite["read"], lite["write"]], [
    "/opt/mltidy,/data,/srv,/mlflow.db,/home/kim/reports",
    "/data,/srv/artifacts,/home/kim/reports",
  ]);
  const store = "postgresql://db:5433/mlflow";
  const postgres = rightsOf("cleanup:apply", { store });
  assertEquals(
    [postgres["net"], postgres["write"]],
    ["db:5433", "/home/kim/.local/state/mltidy,/home/kim/reports"],
  );
  const kept = "/opt/mltidy,/home/kim/.local/state/mltidy";
  const here = rightsOf("cleanup:apply", { store }, { artifacts: "/srv/ml/artifacts" });
  assertEquals([here["read"], here["write"]], [
    `${kept},/srv/ml,/home/kim/reports,/home/kim/.pgpass`,
    "/home/kim/.local/state/mltidy,/srv/ml/artifacts,/home/kim/reports",
  ]);
  const elsewhere = rightsOf("cleanup:apply", { store }, { looks: ["/srv/artifacts", "/odd/1"] });
  assertEquals([elsewhere["read"], elsewhere["write"]], [
    `${kept},/home/kim/reports,/home/kim/.pgpass,/srv/artifacts,/odd/1`,
    postgres["write"],
  ]);
  assertEquals(
    rightsOf("prune:apply", { store: "https://mlflow.example/x" })["net"],
    "mlflow.example:443",
  );
  assertEquals(rightsOf("prune:apply", { store: "http://[::1]:5000" })["net"], "[::1]:5000");
});

Deno.test("scheduledWork() tells a task of another machine's store whose account it works for, and asks who logs in", () => {
  const work = (store: string, home: string | null = PLACES.home) =>
    scheduledWork("cleanup:apply", { ...TOLD, store }, null, { ...PLACES, home });
  const always = { INIT_CWD: "/opt/mltidy", DENO_NO_UPDATE_CHECK: "1" };
  const account = { HOME: "/home/kim", XDG_STATE_HOME: "/home/kim/.local/state" };
  const postgres = work("postgresql://db/mlflow");
  assertEquals(postgres.command.environment, { ...always, ...account });
  assertEquals(postgres.secrets, ["PGUSER", "PGPASSWORD"]);
  assertEquals(work("https://mlflow.example/x").secrets, [
    ...["MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"],
  ]);
  assertEquals(
    granted(postgres.command.words)["env"],
    "MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR,PG*,HOME,USER,XDG_STATE_HOME",
  );
  assertEquals(work("https://mlflow.example/x", null).command.environment, {
    ...always,
    XDG_STATE_HOME: account.XDG_STATE_HOME,
  });
  assertEquals(work("/data/mlruns").command.environment, always);
});

Deno.test("scheduledWork() tells by a process that can write nothing but what came of that, and reaches the hosts that are named", () => {
  const telling = (text: string, report = REPORT) =>
    scheduledWork(
      "cleanup:apply",
      { ...TOLD, config: "/data/mltidy.yaml", report },
      readConfig(text, "x").notify,
      PLACES,
    ).telling;
  const email =
    "email: { to: a@example.org, from: b@example.org, server: smtp.example.org, user: x, password: { env: MLTIDY_P } }";
  assertEquals(telling("retention: {}"), null);
  assertEquals(granted(telling(`notify: { ${email} }`)?.words), {
    read: "/opt/mltidy,/data,/home/kim/reports",
    write: "/home/kim/reports/x.told.json",
    net: "smtp.example.org:587",
    env: "MLTIDY_P,MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
  });
  assertEquals(telling(`notify: { ${email} }`)?.words.slice(-2), [
    "--told",
    "/home/kim/reports/x.told.json",
  ]);
  // Nothing above is granted in the place of what no grant can name.
  const comma = telling(`notify: { ${email} }`, "/data/a,b/x.json")?.words;
  assertEquals([granted(comma)["write"], comma?.includes("--told")], [undefined, false]);
  const slack = granted(telling("notify: { slack: { url: { file: /run/secrets/slack } } }")?.words);
  assertEquals([slack["net"], slack["read"]?.split(",").at(-1)], [
    "hooks.slack.com:443",
    "/run/secrets/slack",
  ]);
  // Where it is, is a secret.
  assertEquals(granted(telling("notify: { ping: { url: { env: MLTIDY_U } } }")?.words)["net"], "");
});

Deno.test("isCached() knows the places that caches are cleaned in", () => {
  const stays = ["/usr/bin/deno", "/home/kim/.deno/bin/deno", "/home/cache/deno"];
  const goes = [
    "/home/kim/.npm/_npx/7a40/node_modules/deno/deno",
    "/home/kim/.cache/deno/deno",
    "/Users/kim/Library/Caches/deno/deno",
    "C:\\Users\\kim\\npm-cache\\_npx\\7a40\\deno.exe",
    "/tmp/deno",
  ];
  assertEquals([stays.filter(isCached), goes.filter((path) => !isCached(path))], [[], []]);
});
