/**
 * What requests ask for: their query and body, as far as they make sense.
 *
 * @module
 */

import { isRecord, isText } from "../../lib/text/json.ts";
import { MOST_ROWS, type Window } from "../../lib/view/fit_window.ts";
import type { RowsOrder, RowsWanted } from "../../lib/view/plan_rows.ts";
import { MOST_BODY, type Refused, refused, TOO_LARGE } from "./guard.ts";
import type { WebRequest } from "./serving/serve_requests.ts";
import type { ApplyRequest, PinRequest, PlanRequest, RestoreRequest } from "./messages.ts";

/**
 * Reads the body of a request.
 *
 * @param request The request.
 * @returns The JSON value; a refusal where it is none, or too large, whatever its headers say.
 */
export async function readBody(request: WebRequest): Promise<{ readonly body: unknown } | Refused> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const piece of request.body ?? []) {
    length += piece.length;
    if (length > MOST_BODY) return TOO_LARGE;
    pieces.push(piece);
  }
  try {
    const text = await new Blob(pieces).text();
    return { body: JSON.parse(text) };
  } catch {
    return bad("the body is no JSON");
  }
}

/**
 * Refuses what makes no sense.
 *
 * @param message What was expected, and what was found.
 * @returns The refusal.
 */
export function bad(message: string): Refused {
  return refused(400, "bad-request", message);
}

/**
 * Reads which part of a list is wanted.
 *
 * @param query The query.
 * @returns The part; from the beginning, and as many as there may be, where it does not say.
 */
export function windowIn(query: URLSearchParams): Window | Refused {
  const from = wholeIn(query, "from", 0);
  const to = wholeIn(query, "to", (from ?? 0) + MOST_ROWS);
  if (from === null || to === null || to < from) {
    return bad("expected from and to as whole numbers, from not after to");
  }
  return { from, to };
}

function wholeIn(query: URLSearchParams, name: string, otherwise: number): number | null {
  const text = query.get(name);
  if (text === null) return otherwise;
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

const LISTS: readonly RowsWanted["list"][] = ["goes", "stays", "turned", "left-out"];
const ORDERS: readonly RowsOrder[] = ["plan", "name", "age", "bytes", "metric", "experiment"];

/**
 * Reads which rows are wanted.
 *
 * @param query The query.
 * @returns What it says.
 */
export function rowsIn(query: URLSearchParams): RowsWanted | Refused {
  const list = LISTS.find((one) => one === query.get("list"));
  const sort = ORDERS.find((one) => one === (query.get("sort") ?? "plan"));
  if (list === undefined) return bad(`expected list as one of ${LISTS.join(", ")}`);
  if (sort === undefined) return bad(`expected sort as one of ${ORDERS.join(", ")}`);
  return {
    list,
    sort,
    descending: query.get("order") === "desc",
    experiment: query.get("experiment") ?? undefined,
    reason: query.get("reason") ?? undefined,
    filter: query.get("filter") ?? undefined,
  };
}

/**
 * Reads how a plan is to be made.
 *
 * @param body The body.
 * @returns What it says.
 */
export function planRequestIn(body: unknown): PlanRequest | Refused {
  const { values = {}, leftOut = [] } = isRecord(body) ? body : { values: null };
  const isFit = isRecord(values) &&
    Object.values(values).every((value) => value === null || typeof value === "number") &&
    Array.isArray(leftOut) && leftOut.every(isText);
  return isFit
    ? { values: values as PlanRequest["values"], leftOut }
    : bad("expected values, numbers by the keys of controls, and leftOut, a list of paths");
}

/**
 * Reads which plan is to be carried out.
 *
 * @param body The body.
 * @returns What it says.
 */
export function applyRequestIn(body: unknown): ApplyRequest | Refused {
  const { plan, words } = isRecord(body) ? body : {};
  return isText(plan) && isText(words)
    ? { plan, words }
    : bad("expected plan, the name of the one that is shown, and words, as typed");
}

/**
 * Reads what is to be taken back.
 *
 * @param body The body.
 * @returns What it says.
 */
export function restoreRequestIn(body: unknown): RestoreRequest | Refused {
  const { id, run } = isRecord(body) ? body : {};
  if (!isText(id) || id === "" || !(run === undefined || isText(run))) {
    return bad("expected id, that of a backup, and run, that of a run, or none");
  }
  return { id, ...(run === undefined ? {} : { run }) };
}

/**
 * Reads which run is to be pinned, or no longer.
 *
 * @param body The body.
 * @returns What it says.
 */
export function pinRequestIn(body: unknown): PinRequest | Refused {
  const { path, pinned } = isRecord(body) ? body : {};
  return isText(path) && typeof pinned === "boolean"
    ? { path, pinned }
    : bad("expected path, that of a run, and pinned, true or false");
}
