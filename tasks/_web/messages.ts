/**
 * What the review page and its server say to each other: types alone, imported by both.
 *
 * Every request goes to `/api/…` of the page's own origin with `Authorization: Bearer TOKEN`, the token of
 * the fragment. Bodies are JSON of at most 64 KiB with `Content-Type: application/json`; so are answers,
 * but for those said to be lines: NDJSON, one JSON value a line. No answer is longer than 1 MB, so lists
 * come in windows `from` … `to` (places from 0, `to` not included, at most 200 of them).
 * Names from the store are cut to 200 letters, and are text, never markup.
 *
 * What is refused is answered with a {@linkcode Refusal} and one of these:
 *
 * | status | when |
 * | --- | --- |
 * | 400 | the request makes no sense, or the words are mistyped |
 * | 401 | no token, or a wrong one |
 * | 403 | from a foreign origin; or it would write, and the page may only read |
 * | 404 | there is no such route, run, backup |
 * | 409 | `outdated`: the plan is not that of now: ask `/api/plan` again; `busy`: something is being carried out |
 * | 413, 415 | a body that is too large, or no JSON |
 * | 421 | a `Host` that is not this machine |
 * | 503 | the store has not been read yet, or could not be read |
 *
 * The shell of the page, at `/`, has an empty `<main id="page">`, loads `page/page.css` and, as a module,
 * `page/main.ts`. What those import is served below the same tree by its place in the repository, with types
 * taken away; all of it is named in `assets.ts`. `preact` and `preact/hooks` come by an import map.
 *
 * Times are epoch ms, ages and durations ms, sizes bytes.
 *
 * @module
 */

export type { Severity } from "../../lib/verify/rule.ts";
export type { Control, ExperimentView, PlanBranch, Row, Verb } from "../../lib/view/view.ts";
export type {
  BackupContentsView,
  BackupsView,
  BackupView,
  FindingsView,
  FindingView,
  RepairView,
} from "./messages/findings.ts";
export type { PlanRequest, PlanView } from "./messages/plan.ts";
export type { Refusal } from "./messages/refusal.ts";
export type { ExplainView, ExplanationView, RowsQuery, RowsView } from "./messages/rows.ts";
export type { EventLine, ReadAnswer, StoreView } from "./messages/store.ts";
export type {
  ApplyRequest,
  CancelAnswer,
  PinRequest,
  RestoreRequest,
  WorkLine,
} from "./messages/work.ts";
