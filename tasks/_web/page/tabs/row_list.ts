/// <reference lib="dom" />
/**
 * The list of what goes, or stays: runs, experiments, orphans and models, each with its reasons.
 *
 * @module
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { errorMessage } from "../../../../lib/errors.ts";
import { formatCount, formatSize } from "../../../../lib/text/units.ts";
import type { PinRequest, Row, RowsQuery, RowsView } from "../../messages.ts";
import { useRows } from "../asking/use_rows.ts";
import { mlflowLink } from "../parts/controls.ts";
import { a, bdi, button, type Content, div, input, p, show, span } from "../parts/element.ts";
import { LongList } from "../parts/long_list.ts";
import { name } from "../parts/moment.ts";
import { failureNotice, nothingHere, notice } from "../parts/notice.ts";
import { leaveOut } from "../pure/choice.ts";
import { formatAge, formatMetric, formatMoment } from "../pure/formats.ts";
import { fragmentOf } from "../pure/route.ts";
import type { RowWindow } from "../pure/row_window.ts";
import type { PageState } from "./page_state.ts";

/** Which list is shown, and how. */
export type RowChoice = Omit<RowsQuery, "from" | "to">;

/** What is shown of a list. */
export interface RowListOptions {
  readonly state: PageState;
  readonly query: RowChoice;
  /** What the list is. */
  readonly label: string;
  /** What is said where it is empty. */
  readonly empty: readonly [title: string, meaning: string];
}

/** What can be left out of a plan by itself. */
const CAN_BE_LEFT_OUT: readonly Row["kind"][] = [
  "run",
  "damaged-run",
  "logged-model",
  "experiment",
  "orphan",
];

/** What is said of a kind that is no run. */
const KINDS: Readonly<Record<Row["kind"], string>> = {
  run: "",
  "damaged-run": "damaged run",
  "logged-model": "logged model",
  "registered-model": "registered model",
  trace: "trace",
  experiment: "experiment",
  orphan: "orphan",
  "heavy-file": "heavy file",
  metric: "metric",
  damage: "damage",
};

/**
 * The list.
 *
 * @param options What is shown.
 * @returns The list, or what is said in its place.
 */
export function RowList({ state, query, label, empty }: RowListOptions): VNode {
  const { server, choose, say, replan, store } = state;
  const [window, setWindow] = useState<RowWindow>({ from: 0, to: 1 });
  const [failure, setFailure] = useState<string | null>(null);
  const { plan: _, ...listed } = query;
  const rows = useRows(
    JSON.stringify(query),
    window,
    // Another plan is on its way, and takes the place of the one that these rows would be of.
    !state.isPlanThere
      ? null
      : (from, to, signal) => server.get<RowsView>("rows", { ...query, from, to }, signal),
    replan,
  );

  const toggle = (row: Row, goes: boolean): void => {
    choose((before) => leaveOut(before, row.path, goes ? null : titleOf(row)));
    say(
      goes
        ? `${titleOf(row)} is taken into the plan again`
        : `${titleOf(row)} is left out of the plan`,
    );
  };
  const pin = (row: Row): void => {
    setFailure(null);
    server.post<PinRequest>("pin", { path: row.path, pinned: !row.pinned }).then(
      ({ pinned }) => say(`${titleOf(row)} is ${pinned ? "pinned" : "no longer pinned"}`),
      (error) => setFailure(errorMessage(error)),
    );
  };
  const mayLeaveOut = query.list === "goes" || query.list === "left-out";
  const pressed = (key: string, index: number): boolean => {
    const row = rows.at(index);
    if (row === undefined) return false;
    if (key === " " && mayLeaveOut && CAN_BE_LEFT_OUT.includes(row.kind)) {
      toggle(row, row.leftOut);
      return true;
    }
    if (key !== "Enter") return false;
    location.hash = fragmentOf("explain", row.path);
    return true;
  };

  if (rows.error !== null) return notice("error", p({}, rows.error));
  if (rows.last === null) return p({ class: "hint", role: "status" }, "Loading …");
  const { total, metric } = rows.last;
  return div(
    { class: "stack list-place" },
    failureNotice(failure),
    p(
      { class: "visually-hidden", role: "status" },
      rows.isStale ? "" : `${formatCount(total)} in the list`,
    ),
    total === 0 ? nothingHere(...empty) : show(LongList, {
      label: `${label}. Arrow keys move, Enter explains` +
        (mayLeaveOut ? ", the space bar leaves out or takes in." : "."),
      total,
      kind: `${mayLeaveOut ? "" : "without-check"} ${metric === null ? "without-metric" : ""}`,
      listKey: JSON.stringify(listed),
      isStale: rows.isStale,
      onWindow: setWindow,
      onKey: pressed,
      heads: [
        mayLeaveOut ? head("check", "Goes") : null,
        head("name", "Name"),
        head("age", "Age"),
        head("size", "Size"),
        metric === null ? null : head("metric", metric),
        head("links", span({ class: "visually-hidden" }, "Links")),
      ],
      cells: (index, isActive) => {
        const row = rows.at(index);
        if (row === undefined) return cell("name", span({ class: "hint" }, "…"));
        const tabIndex = isActive ? 0 : -1;
        return [
          mayLeaveOut ? checkCell(row, tabIndex, toggle) : null,
          nameCell(row, query.list === "turned"),
          div(
            { class: "cell cell-age", role: "gridcell", key: "age", title: timeText(row) },
            row.age === null ? "—" : formatAge(row.age),
          ),
          cell("size", row.bytes === null ? "—" : formatSize(row.bytes)),
          metric === null
            ? null
            : cell("metric", row.metric === null ? "—" : formatMetric(row.metric)),
          linksCell(row, tabIndex, store.may.pin ? pin : null),
        ];
      },
    }),
  );
}

function checkCell(
  row: Row,
  tabIndex: number,
  toggle: (row: Row, goes: boolean) => void,
): VNode {
  if (!CAN_BE_LEFT_OUT.includes(row.kind)) return cell("check");
  return cell(
    "check",
    input({
      type: "checkbox",
      tabIndex,
      checked: !row.leftOut,
      "aria-label": `${titleOf(row)} goes`,
      onChange: (event) => toggle(row, event.currentTarget.checked),
    }),
  );
}

function linksCell(row: Row, tabIndex: number, pin: ((row: Row) => void) | null): VNode {
  const title = titleOf(row);
  return cell(
    "links",
    a({ href: fragmentOf("explain", row.path), tabIndex, "aria-label": why(row) }, "Why"),
    mlflowLink(row.link, title, { tabIndex }),
    pin !== null && row.mayPin
      ? button({
        type: "button",
        class: "link",
        tabIndex,
        "aria-label": row.pinned ? `Unpin ${title}` : `Pin ${title}, so that it never goes`,
        onClick: () => pin(row),
      }, row.pinned ? "Unpin" : "Pin")
      : null,
  );
}

function head(kind: string, text: Content): VNode {
  return div({ class: `cell cell-${kind}`, role: "columnheader", key: kind }, text);
}

function cell(kind: string, ...content: readonly Content[]): VNode {
  return div({ class: `cell cell-${kind}`, role: "gridcell", key: kind }, ...content);
}

/** What is called nothing is called by its id. */
function titleOf({ name, id }: Row): string {
  return name || id;
}

function why(row: Row): string {
  return `Why ${titleOf(row)} ${row.verb === "stays" ? "stays" : "goes"}`;
}

function timeText(row: Row): string {
  return row.time === null ? "" : formatMoment(row.time);
}

function nameCell(row: Row, saysSide: boolean): VNode {
  const kind = KINDS[row.kind];
  const reasons = row.reasons.join("; ");
  const tags = row.tags.join(", ");
  return div(
    {
      class: "cell cell-name",
      role: "gridcell",
      key: "name",
      title: `${row.id}\n${reasons}\n${tags}`,
    },
    div(
      { class: "line" },
      name(row.name),
      kind === "" ? null : span({ class: "tag" }, kind),
      saysSide
        ? span(
          { class: row.verb === "stays" ? "tag tag-stays" : "tag tag-goes" },
          row.verb === "stays" ? "stays now" : "goes now",
        )
        : null,
      row.pinned ? span({ class: "tag" }, "pinned") : null,
    ),
    div(
      { class: "line line-small" },
      row.kind === "experiment" || row.kind === "orphan" ? null : bdi({}, row.experiment),
      bdi({}, reasons),
      tags === "" ? null : bdi({ class: "tags" }, tags),
    ),
  );
}
