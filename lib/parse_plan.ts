/**
 * Saved plan → plan. A plan file is input like any other: everything that acting depends on is checked.
 *
 * @module
 */

import { isActionKind, mayActAt } from "./action_paths.ts";
import { StalePlanError } from "./errors.ts";
import { asStorePath } from "./model.ts";
import type { Plan, PlanTask } from "./plan.ts";

const TASKS: readonly PlanTask[] = ["prune", "cleanup", "repair"];
/** The folders of a run that a repair makes. */
const FOLDERS = ["metrics", "params", "artifacts"];

/**
 * Reads a plan that `prune --json` or `cleanup --json` printed.
 *
 * @param text JSON.
 * @param source Where the text comes from, for the message.
 * @returns The plan.
 * @throws {StalePlanError} When the text is no plan, or one of another schema.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { parsePlan, StalePlanError } from "mltidy";
 *
 * assertThrows(() => parsePlan("{}", "plan.json"), StalePlanError, "schema");
 * ```
 */
export function parsePlan(text: string, source: string): Plan {
  const refuse = (why: string, cause?: unknown): never => {
    throw new StalePlanError(
      `Cannot apply ${source}: ${why}; make a plan with deno task cleanup --json > plan.json`,
      { cause },
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse("it is not JSON", error);
  }
  const plan = value as Partial<Plan> | null;
  const schemas = TASKS.map((task) => `mltidy/${task}/v1`);
  if (!isRecord(value) || !schemas.includes(String(plan?.schema))) {
    const found = isRecord(value) ? JSON.stringify(value["schema"]) ?? "none" : "no object";
    return refuse(
      `expected schema ${schemas.map((one) => `"${one}"`).join(" or ")}, found ${found}`,
    );
  }
  for (const key of ["store", "basis"] as const) {
    if (typeof plan?.[key] !== "string") refuse(`expected a text in ${key}`);
  }
  if (plan?.schema !== `mltidy/${plan?.task}/v1`) refuse("its task does not fit its schema");
  if (typeof plan?.plannedAt !== "number") refuse("expected epoch milliseconds in plannedAt");
  if (!isRecord(plan?.policy)) refuse("expected an object in policy");
  for (const key of ["actions", "kept"] as const) {
    if (!Array.isArray(plan?.[key])) refuse(`expected a list in ${key}`);
  }
  for (const [index, action] of (plan?.actions ?? []).entries()) {
    const fault = faultOf(action);
    if (fault !== null) refuse(`action ${index + 1} ${fault}`);
  }
  return value as unknown as Plan;
}

function faultOf(action: unknown): string | null {
  if (!isRecord(action)) return "is no object";
  const { kind, path, stamp, reasons } = action;
  if (!isActionKind(kind)) return `is of an unknown kind ${JSON.stringify(kind)}`;
  if (typeof path !== "string") return "has no path";
  try {
    asStorePath(path);
  } catch {
    return `has a path that is none of a store: ${JSON.stringify(path)}`;
  }
  if (!mayActAt(kind, path)) return `has a path that no ${kind} has: ${JSON.stringify(path)}`;
  if (typeof stamp !== "string" || stamp === "") return "has no stamp";
  if (!Array.isArray(reasons) || reasons.length === 0) return "has no reason";
  return ownFault(action, path);
}

/** What acting depends on in one kind of action alone. */
function ownFault(action: Record<string, unknown>, path: string): string | null {
  const { kind, runId, experimentId, file, text, tag, bytes, changes, directories } = action;
  const isOf = (subject: string) => path === subject ? null : "names another subject than its path";
  switch (kind) {
    case "soft-delete-run":
    case "purge-run":
      return isOf(`${experimentId}/${runId}`);
    case "purge-experiment":
      return isOf(`.trash/${experimentId}`);
    case "drop-artifact":
      return isOf(`${experimentId}/${runId}/artifacts/${path.split("/").slice(3).join("/")}`);
    case "write-meta": {
      if (file !== "meta.yaml" && file !== "trace_info.yaml") return "writes no record";
      const isTag = tag === null || isRecord(tag) && typeof tag["text"] === "string";
      return typeof text === "string" && isTag ? null : "has no text";
    }
    case "rewrite-tag":
      return typeof text === "string" ? null : "has no text";
    case "trim-metric-file":
      return Number.isSafeInteger(bytes) && Number(bytes) > 0 ? null : "has no number of bytes";
    case "create-dirs": {
      const own = path === ".trash" ? [path] : FOLDERS.map((name) => `${path}/${name}`);
      const isOwn = Array.isArray(directories) && directories.length > 0 &&
        directories.every((one) => own.includes(one));
      return isOwn ? null : "makes directories elsewhere";
    }
    case "finish-stale-run":
    case "set-stage":
    case "release-name":
    case "complete-meta":
    case "rewrite-location": {
      const isScalar = (one: unknown) =>
        one === null || typeof one === "string" || Number.isSafeInteger(one);
      return isRecord(changes) && Object.values(changes).every(isScalar) ? null : "has no changes";
    }
    default:
      return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
