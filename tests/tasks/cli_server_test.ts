import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { DAY, experiment, run, runId } from "../_support/builders.ts";
import { type Ran, runTask } from "../_support/command.ts";
import { startMlflowDouble } from "../_support/mlflow_double.ts";
import { json, rawDouble, serverDouble } from "../_support/server_double.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";

/** What is named as a server, until the scope ends. */
type Named = { readonly uri: string } & Partial<AsyncDisposable>;

interface Case {
  readonly open: () => Named | Promise<Named>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly code: number;
  readonly says: string;
}

const place = (name: string) => fromFileUrl(new URL(`../testdata/tls/${name}`, import.meta.url));
const page = () =>
  new Response("<!doctype html><title>Sign in</title>", {
    headers: { "Content-Type": "text/html; charset=utf-8" },
  });
const NOBODY = "server wants to know who asks (401); set MLFLOW_TRACKING_USERNAME and";

const CASES: Readonly<Record<string, Case>> = {
  "no such host": {
    open: () => ({ uri: "http://no-such-host.invalid" }),
    ...{ code: 10, says: "no such host" },
  },
  "nobody who listens": {
    open: () => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      listener.close();
      return { uri: `http://127.0.0.1:${listener.addr.port}` };
    },
    ...{ code: 10, says: "no server listens there" },
  },
  "any web page": {
    open: () => serverDouble(page),
    ...{ code: 12, says: "what answers there is a web page, and no tracking server of MLflow's" },
  },
  "a server of other things": {
    open: () => serverDouble(() => json({ status: "ok" })),
    ...{ code: 12, says: "what answers there is no tracking server of MLflow's" },
  },
  "no credentials": {
    open: () => serverDouble(() => new Response("You are not authenticated", { status: 401 })),
    ...{ code: 10, says: NOBODY },
  },
  "wrong credentials": {
    open: () => serverDouble(() => new Response("You are not authenticated", { status: 401 })),
    environment: { MLFLOW_TRACKING_USERNAME: "kim", MLFLOW_TRACKING_PASSWORD: "of-kim" },
    ...{ code: 10, says: "does not take that user with that password, or that token (401); see" },
  },
  "a proxy's login page": {
    open: () => serverDouble(() => Response.redirect("https://login.example/?next=secret", 302)),
    code: 12,
    says:
      "sends on to https://login.example/ (302), which is another server, and mltidy does not follow",
  },
  "TLS where HTTP is asked": {
    open: () => rawDouble(new Uint8Array([21, 3, 3, 0, 2, 2, 70])),
    ...{ code: 12, says: "where it takes TLS alone, write https://" },
  },
  "HTTP where TLS is asked": {
    open: () => {
      const { uri, ...double } = rawDouble("HTTP/1.1 400 Bad Request\r\n\r\n");
      return { uri: uri.replace("http:", "https:"), ...double };
    },
    ...{ code: 10, says: "does not speak TLS; write http:// instead of https://" },
  },
  "a certificate that has expired": {
    open: () =>
      serverDouble(() => json({}), {
        cert: Deno.readTextFileSync(place("expired.pem")),
        key: Deno.readTextFileSync(place("expired.key")),
      }),
    environment: { MLFLOW_TRACKING_SERVER_CERT_PATH: place("authority.pem") },
    ...{ code: 10, says: "its certificate has expired" },
  },
  "a server of MLflow 1": {
    open: () => serverDouble(() => new Response("1.30.1")),
    code: 12,
    says:
      "it is a server of MLflow 1.30.1, which mltidy cannot read; upgrade it to 2.0 or later, or name its database",
  },
};

/** One line for a person, no data, no stack trace, nothing of a password. */
function assertRefused(what: string, { code, out, err }: Ran, expected: Case, uri: string): void {
  assertEquals([what, code, out], [what, expected.code, ""], err);
  assertStringIncludes(err, expected.says);
  assert(err.startsWith(`Cannot open store ${uri}: `) && err.endsWith("\n"), err);
  assertEquals(/\n\s+at |:\d+:\d+\b|of-kim|secret/.test(err), false, err);
}

for (const [what, expected] of Object.entries(CASES)) {
  Deno.test(`a command ends with ${expected.code} for ${what} in place of a server, and says what helps`, async () => {
    const { open, environment = {} } = expected;
    const named = await open();
    try {
      const { uri } = named;
      for (
        const [task, words] of [["summary", ["--json"]], ["prune:apply", ["--force"]]] as const
      ) {
        const ran = await runTask(task, [...words, "--store", uri], { environment });
        assertRefused(what, ran, expected, uri);
      }
    } finally {
      await named[Symbol.asyncDispose]?.();
    }
  });
}

Deno.test("a command of an account that sees half of a server plans, and ends with 13 before anything is changed", async () => {
  await using directory = await memoryDirectory();
  const old = { startTime: Date.now() - 101 * DAY, endTime: Date.now() - 100 * DAY };
  await using server = await startMlflowDouble(
    { experiments: [experiment({ id: "1", runs: [run({ id: runId(1), ...old })] })] },
    { account: { name: "kim", isAdmin: false } },
  );
  const environment = { XDG_STATE_HOME: directory.path };
  const flags = ["--days-old", "30", "--store", server.uri];
  const planned = await runTask("prune", flags, { environment });
  assertEquals(planned.code, 0, planned.err);
  assertStringIncludes(planned.out.replaceAll(/\s+/g, " "), "account kim is no administrator of");
  const { code, err } = await runTask("prune:apply", [...flags, "--force"], { environment });
  assertEquals(code, 13, err);
  assertStringIncludes(err, "account kim is no administrator of");
  assertEquals(server.asked.filter((one) => /runs\/(?:set-tag|delete)/.test(one)), []);
});

Deno.test("what is said of a server claims nothing that it does not tell", async () => {
  await using server = await startMlflowDouble({ experiments: [experiment({ id: "0" })] });
  const said = async (task: string, ...words: readonly string[]) => {
    const { code, out, err } = await runTask(task, [...words, "--store", server.uri]);
    return [code, `${out}${err}`.replaceAll(/\s+/g, " ")] as const;
  };
  const [, summary] = await said("summary");
  assertStringIncludes(summary, "Orphans were not looked for");
  assertEquals(summary.includes("No orphans"), false);
  const [, verified] = await said("verify");
  assertStringIncludes(verified, "No findings. This is what the server's answers tell: ");
  const [code, version] = await said("verify", "--mlflow", "3.17");
  assertEquals(code, 12, version);
  assertStringIncludes(version, "which versions open its database, a server does not tell");
});
