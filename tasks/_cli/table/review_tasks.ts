/**
 * The tasks that show a store to people: their rows of the table.
 *
 * @module
 */

import {
  backups,
  commonFlags,
  parseText,
  parseWholeNumber,
  planFlags,
  report,
  storeFlags,
  toggle,
  type Valued,
} from "./flags.ts";
import {
  children,
  config,
  daysOld,
  policyFlags,
  purgeAfter,
  settle,
  undated,
} from "./policy_flags.ts";
import { applying, reading, type TaskRow } from "./task_row.ts";

/** Looking at a store, alone or together with others. */
export const reviewTasks = {
  review: {
    summary: "Show a store and its clean-up on a page in your browser",
    usage: ["deno task review [flags]", "deno task review:apply [flags]"],
    examples: [
      ["deno task review", "look at ./mlruns; the page can change nothing"],
      ["deno task review:apply", "what the plan shows can be carried out, and undone"],
      [
        "deno task review --mlflow-ui http://localhost:5000",
        "each run links to MLflow's page of it",
      ],
      ["ssh -L 8484:127.0.0.1:8484 HOST", "to look from elsewhere, then open the same address"],
    ],
    operand: null,
    flags: {
      config,
      backups,
      port: {
        name: "port",
        value: "N",
        describe: "The port; where it is taken, the next one; 0 for any",
        default: null,
        defaultText: "port of review in mltidy.yaml, else 8484",
        parse: parseWholeNumber(0),
      } satisfies Valued<number | null>,
      mlflowUi: {
        name: "mlflow-ui",
        value: "URL",
        describe: "The address of MLflow's UI, to which each run links",
        default: null,
        defaultText: "mlflow_ui of review in mltidy.yaml, else none",
        parse: parseText,
      } satisfies Valued<string | null>,
      allowHost: {
        name: "allow-host",
        value: "NAME[,NAME]",
        describe: "Hosts by which a proxy may ask for the page, besides this machine's own names",
        default: null,
        defaultText: "allow_hosts of review in mltidy.yaml, else none",
        parse: parseHosts,
      } satisfies Valued<readonly string[] | null>,
      open: toggle("open", "Open it in a browser, too; needs permission to start one"),
      report: {
        ...report,
        describe:
          "With review:apply, write what each change came to; the last 30 reports before stay",
      },
      apply: planFlags.apply,
      store: storeFlags.store,
      noConfig: storeFlags.noConfig,
      ...commonFlags,
    },
    exitCodes: applying,
    permissions: "review only reads; review:apply may write. Both serve 127.0.0.1 alone.",
  },
  report: {
    summary: "Write what a store holds, and a clean-up's plan, as an HTML file",
    usage: ["deno task report --html FILE [flags]"],
    examples: [
      ["deno task report --html report.html", "one file without scripts, for a mail"],
      ["deno task report --html report.html --sizes", "also what takes the disk"],
      ["deno task report --html report.html --days-old 90", "the plan that cleanup would make"],
    ],
    operand: null,
    flags: {
      html: {
        name: "html",
        value: "FILE",
        describe: "Where to write it; only an earlier report is written over",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      daysOld,
      children,
      purgeAfter,
      undated,
      settle,
      config,
      maxShare: policyFlags.maxShare,
      maxRuns: policyFlags.maxRuns,
      atMost: policyFlags.atMost,
      free: policyFlags.free,
      maxSize: policyFlags.maxSize,
      maxFiles: policyFlags.maxFiles,
      first: policyFlags.first,
      sizes: policyFlags.sizes,
      all: planFlags.all,
      store: storeFlags.store,
      noConfig: storeFlags.noConfig,
      ...commonFlags,
    },
    exitCodes: reading,
    permissions: "Writes only FILE, which must not lie in the store.",
  },
} satisfies Readonly<Record<string, TaskRow>>;

function parseHosts(text: string): readonly string[] {
  const hosts = text.split(",").map((host) => host.trim());
  if (!hosts.every((host) => /^[\w.-]+(?::\d{1,5})?$|^\[[\da-f:]+\](?::\d{1,5})?$/i.test(host))) {
    throw new RangeError("expected names of hosts, such as mltidy.example.org");
  }
  return hosts;
}
