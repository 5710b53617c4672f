/**
 * Which files of a store MLflow certainly cannot read: judged by a few plain patterns that share nothing
 * with the code under test. What they are not sure of they do not name.
 *
 * @module
 */

import { join } from "@std/path";
import { listAll } from "./random_damage.ts";

const EXPERIMENT = String.raw`(?:\.trash/)?\d+`;
const RUN = `${EXPERIMENT}/[0-9a-f]{32}`;
const MODEL = `${EXPERIMENT}/models/m-[0-9a-f]{32}`;
const TRACE = `${EXPERIMENT}/traces/tr-[0-9a-f]{32}`;
const VERSION = String.raw`models/[^/]+/version-\d+`;

/** Records, and keys without which MLflow raises. */
const RECORDS: readonly (readonly [path: RegExp, keys: readonly string[]])[] = [
  [
    new RegExp(`^${EXPERIMENT}/meta\\.yaml$`),
    ["artifact_location", "experiment_id", "lifecycle_stage", "name"],
  ],
  [new RegExp(`^${RUN}/meta\\.yaml$`), ["end_time", "experiment_id", "start_time", "user_id"]],
  [new RegExp(`^${RUN}/inputs/[^/]+/meta\\.yaml$`), ["destination_id", "source_id", "tags"]],
  [new RegExp(`^${RUN}/outputs/[^/]+/meta\\.yaml$`), ["destination_id", "source_id", "step"]],
  [new RegExp(`^${MODEL}/meta\\.yaml$`), ["artifact_location", "experiment_id", "model_id"]],
  [new RegExp(`^${TRACE}/trace_info\\.yaml$`), ["request_time", "state", "trace_id"]],
  [new RegExp(`^${VERSION}/meta\\.yaml$`), ["creation_timestamp", "name", "version"]],
  [/^models\/[^/]+\/meta\.yaml$/, ["name"]],
];
const RUN_METRIC = new RegExp(`^${RUN}/metrics/`);
const MODEL_METRIC = new RegExp(`^${MODEL}/metrics/`);
const VALUE = new RegExp(
  `^(?:(?:${EXPERIMENT}/|${MODEL}/|models/[^/]+/(?:version-\\d+/)?)tags|${RUN}/(?:tags|params)|` +
    `${TRACE}/(?:tags|request_metadata)|models/[^/]+/aliases)/`,
);

/**
 * Finds files that MLflow certainly cannot read, and records that are not where their directory is.
 *
 * @param root Absolute path of the store's root.
 * @returns Paths below the root: of a record its directory, as `verify` names it.
 */
export function unreadableFiles(root: string): readonly string[] {
  return listAll(root).flatMap(({ path, isFile }) => {
    if (!isFile) {
      const isRecorded = new RegExp(`^(?:${EXPERIMENT}|${RUN})$`).test(path);
      return isRecorded && !isThere(join(root, path, "meta.yaml")) ? [path] : [];
    }
    const text = decoded(Deno.readFileSync(join(root, path)));
    const keys = RECORDS.find(([pattern]) => pattern.test(path))?.[1];
    if (keys !== undefined) {
      return isNoRecord(text, keys) ? [path.slice(0, path.lastIndexOf("/"))] : [];
    }
    const isBad = RUN_METRIC.test(path)
      ? isNoMetric(text, [2, 3, 5])
      : MODEL_METRIC.test(path)
      ? isNoMetric(text, [4, 6])
      : VALUE.test(path) && text === null;
    return isBad ? [path] : [];
  });
}

function isNoRecord(text: string | null, keys: readonly string[]): boolean {
  // deno-lint-ignore no-control-regex -- PyYAML refuses these.
  return text === null || /[\0-\x08\x0e-\x1f]/.test(text) ||
    keys.some((key) => !text.includes(`${key}`));
}

function isNoMetric(text: string | null, counts: readonly number[]): boolean {
  if (text === null) return true;
  // Python sees more line ends and spaces than these.
  if (!/^[\0\x20-\x7e\n]*$/.test(text)) return false;
  return text === "" || text.replace(/\n$/, "").split("\n").some((line) => {
    const fields = line.trim().split(" ");
    return !counts.includes(fields.length) || /[^-+\d_]/.test(fields[0]!);
  });
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
