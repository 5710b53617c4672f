/**
 * What `verify` takes from the command line, and what it prints.
 *
 * @module
 */

import { type CommandOf, findingDocument, ruleDocument } from "../../../lib/render/commands.ts";
import { renderFindings } from "../../../lib/render/findings.ts";
import { renderRules } from "../../../lib/render/rules.ts";
import { isServer } from "../../../lib/store/store_uri.ts";
import { foldLines } from "../../../lib/text/fold.ts";
import { nearestWord } from "../../../lib/text/nearest_word.ts";
import type { RenderOptions } from "../../../lib/text/style.ts";
import { plural } from "../../../lib/text/units.ts";
import { PORTABILITY_RULE_IDS } from "../../../lib/verify/portability/find_unportable.ts";
import type { Host } from "../../../lib/verify/portability/portability_rules.ts";
import { RULES } from "../../../lib/verify/rules.ts";
import type { VerifyOptions, VerifyReader } from "../../verify.ts";
import { ExitCode } from "../table/exit_code.ts";
import type { TaskCommand } from "../table/task_table.ts";
import { UsageError } from "../table/usage_error.ts";
import type { World } from "../world.ts";
import { printJson } from "./print_json.ts";

type VerifyFlags = Extract<TaskCommand, { task: "verify" }>["options"];

/** Where to print, and how. */
export interface Printer extends Partial<Pick<World, "note">> {
  /** Writes data, to standard output. */
  readonly print: (text: string) => void;
  /** How to render data. */
  readonly style: RenderOptions;
}

/** What `verify()` gives; a task is not known here. */
interface Result {
  readonly schema: string;
  readonly store?: string;
  readonly reader: VerifyReader;
  readonly findings: Parameters<typeof renderFindings>[0];
  readonly counts: { readonly error: number };
  readonly passes?: boolean;
}

/**
 * Turns flags into what `verify()` takes.
 *
 * @param flags The flags.
 * @returns For whom to verify, and what of it.
 * @throws {UsageError} When there is no such rule, or two readers are asked for.
 */
export function readVerifyOptions(flags: VerifyFlags): VerifyOptions {
  const { rule, experiment, severity, mlflow, forMigration, for: host } = flags;
  const readers = [
    ...(mlflow === null ? [] : ["--mlflow"]),
    ...(forMigration ? ["--for-migration"] : []),
    ...(host === null ? [] : ["--for"]),
  ];
  if (readers.length > 1) {
    throw new UsageError(`Cannot use ${readers.join(" and ")} together: choose one of them`);
  }
  const ids = host === null ? RULES.map(({ id }) => id) : PORTABILITY_RULE_IDS;
  if (rule !== null && !ids.includes(rule)) {
    const nearest = nearestWord(rule, ids);
    const hint = nearest === null
      ? "`deno task verify --rules` lists them"
      : `did you mean ${nearest}?`;
    throw new UsageError(`Unknown rule "${rule}": ${hint}`);
  }
  return {
    reader: readerOf(flags),
    ...(rule === null ? {} : { rule }),
    ...(experiment === null ? {} : { experiment }),
    ...(severity === null ? {} : { severity }),
  };
}

/**
 * Prints every rule.
 *
 * @param flags The flags.
 * @param printer Where to print.
 * @returns The exit code.
 */
export function showRules({ json }: VerifyFlags, { print, style }: Printer): ExitCode {
  const rules = RULES.map(ruleDocument);
  if (json) printJson({ schema: "mltidy/rules/v1", rules }, { print });
  else print(renderRules(style));
  return ExitCode.done;
}

/**
 * Prints what was found.
 *
 * @param result What was found.
 * @param flags The flags, and how commands on the store are named.
 * @param printer Where to print.
 * @returns The exit code: findings, where one is an error.
 */
export function showVerification(
  result: Result,
  flags: VerifyFlags & { readonly command: CommandOf },
  { print, style, note }: Printer,
): ExitCode {
  const { command } = flags;
  const findings = result.findings.map((one) => findingDocument(one, command));
  const document = { ...result, findings };
  note?.({ result: document });
  if (flags.json) {
    printJson(document, { print });
  } else {
    print(renderFindings(result.findings, { ...style, command }));
    if (isServer(result.store ?? "")) print(foldLines([TOLD_BY_SERVER], style));
    if (result.passes !== undefined) print(foldLines([answerOf(result)], style));
  }
  return result.counts.error > 0 || result.passes === false ? ExitCode.findings : ExitCode.done;
}

/** Of a server nobody else can look at more. */
const TOLD_BY_SERVER =
  "This is what the server's answers tell: whether artifacts are there, and what is wrong with rows that it does not show, its database tells where that can be reached.";

function readerOf({ mlflow, forMigration, for: host }: VerifyFlags): VerifyReader {
  if (host !== null) return { kind: "host", host };
  if (forMigration) return { kind: "migration" };
  return mlflow === null ? { kind: "any" } : { kind: "mlflow", version: mlflow };
}

function answerOf({ reader, passes, counts, findings }: Result): string {
  const because = counts.error === 0 ? "" : `, because of ${plural(counts.error, "error")}`;
  if (reader.kind === "host") {
    if (passes && findings.length > 0) {
      return `${HOLDERS[reader.host]} holds this store, but not all that is listed above as it is.`;
    }
    return passes
      ? `${HOLDERS[reader.host]} holds all of this store.`
      : `${HOLDERS[reader.host]} does not hold all of this store${because}.`;
  }
  if (reader.kind === "mlflow") {
    const name = `MLflow ${reader.version}`;
    return passes ? `${name} opens this store.` : `${name} does not open this store${because}.`;
  }
  if (!passes) return `mlflow migrate-filestore stops, and migrates nothing${because}.`;
  return findings.length === 0
    ? "mlflow migrate-filestore gets through."
    : "mlflow migrate-filestore gets through; what is listed above it leaves behind or changes.";
}

const HOLDERS: Readonly<Record<Host, string>> = {
  windows: "Windows",
  macos: "macOS",
  archive: "An archive, tar or zip,",
};
