/// <reference lib="dom" />
/**
 * What is broken in the store, what MLflow makes of it, and how it is mended.
 *
 * @module
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { formatCount, plural } from "../../../../lib/text/units.ts";
import type { FindingsView, FindingView, RepairView, Severity, StoreView } from "../../messages.ts";
import { useAnswer } from "../asking/use_answer.ts";
import { CopyText, oneOf } from "../parts/controls.ts";
import {
  a,
  bdi,
  button,
  dd,
  div,
  dl,
  dt,
  h3,
  li,
  ol,
  p,
  section,
  show,
  span,
} from "../parts/element.ts";
import { OpenedHeading } from "../parts/focused.ts";
import { answerNotice, failureNotice, nothingHere } from "../parts/notice.ts";
import { pager } from "../parts/pager.ts";
import { CarryOut } from "./carry_out.ts";
import type { PageState } from "./page_state.ts";

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];
const WORDS: Readonly<Record<Severity, string>> = {
  error: "Errors",
  warning: "Warnings",
  info: "Remarks",
};
const ONE: Readonly<Record<Severity, string>> = {
  error: "Error",
  warning: "Warning",
  info: "Remark",
};

/** How many findings are read at once. */
const PAGE = 10;

/**
 * What is broken.
 *
 * @param state What all views share.
 * @returns A card.
 */
export function FindingsCard(state: PageState): VNode {
  const { server, store, standing } = state;
  const [severity, setSeverity] = useState<Severity | "all">("all");
  const [from, setFrom] = useState(0);
  const [repairs, setRepairs] = useState(false);
  const [asked, setAsked] = useState<number | null>(null);
  const counts = store.findings;
  const isKnown = state.isThere && store.generation === standing.generation;
  // What looks for them by itself says once it has, and is not asked before.
  const isAsked = counts !== null || asked === store.generation;
  const findings = useAnswer<FindingsView>(
    !isAsked || !isKnown ? null : (signal) =>
      server.get("findings", {
        severity: severity === "all" ? undefined : severity,
        from,
        to: from + PAGE,
      }, signal),
    [store.generation, isKnown, isAsked, severity, from],
  );
  const all = counts === null ? 0 : counts.error + counts.warning + counts.info;
  const failure = standing.failures["verifying"] ?? findings.error;
  return section(
    { class: "card", "aria-labelledby": "findings-heading" },
    div(
      { class: "card-head" },
      h3({ id: "findings-heading" }, "What is broken"),
      counts === null || all === 0 ? null : oneOf(
        "severity",
        "Show findings",
        [
          { value: "all", label: `All ${formatCount(all)}` },
          ...SEVERITIES.filter((one) => counts[one] > 0).map((one) => ({
            value: one,
            label: `${WORDS[one]} ${formatCount(counts[one])}`,
          })),
        ],
        severity,
        (value) => {
          setSeverity(value);
          setFrom(0);
        },
      ),
    ),
    failureNotice(failure),
    counts !== null || failure
      ? null
      : store.looksAhead || isAsked
      ? p({ class: "hint", role: "status" }, "Looking for what is broken …")
      : button(
        { type: "button", onClick: () => setAsked(store.generation) },
        "Look for what is broken",
      ),
    counts !== null && all === 0
      ? nothingHere("Nothing is broken", "MLflow reads all of this store as it should.")
      : null,
    findings.value === null || all === 0 ? null : div(
      { class: "stack" },
      ol({ class: "findings" }, ...findings.value.findings.map((one) => findingItem(one, store))),
      pager("Pages of findings", from, PAGE, findings.value.total, setFrom),
    ),
    all === 0 || counts === null ? null : repairs ? show(RepairPanel, state) : button(
      { type: "button", onClick: () => setRepairs(true) },
      "See what can be repaired",
    ),
  );
}

function findingItem(finding: FindingView, store: StoreView): VNode {
  const { rule, severity, path, message, mlflow } = finding;
  return li(
    { key: `${rule} ${path}`, class: `finding finding-${severity}` },
    p(
      { class: "finding-message" },
      span({ class: `tag tag-${severity}` }, ONE[severity]),
      " ",
      // The same stands below, where it is said of MLflow.
      bdi({}, message.endsWith(`; ${mlflow}`) ? message.slice(0, -mlflow.length - 2) : message),
    ),
    p({ class: "finding-path" }, bdi({}, path)),
    dl(
      {},
      dt({}, "MLflow"),
      dd({}, bdi({}, mlflow)),
      dt({}, "To do"),
      ...toDo(finding, store),
    ),
  );
}

/** What can be done here comes first: not everybody who sees the page has a terminal. */
function toDo({ remedy, here }: FindingView, store: StoreView): readonly VNode[] {
  if (remedy === null) return [dd({}, "Nothing.")];
  const mayHere = here === "repair" ? store.may.repair : store.mayApply;
  if (here === null || !mayHere) {
    const isBelow = here === "repair";
    return [
      dd({}, bdi({}, remedy)),
      ...(isBelow ? [dd({ class: "hint" }, "mltidy can repair it: see below.")] : []),
    ];
  }
  return [
    here === "repair"
      ? dd({}, "mltidy can repair it here: press “See what can be repaired” below.")
      : dd(
        {},
        "It goes into a backup with the ",
        a({ href: "#plan" }, "Plan"),
        ", once it is old enough.",
      ),
    dd({ class: "hint" }, "In a terminal instead: ", bdi({}, inSentence(remedy)), "."),
  ];
}

function inSentence(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

/** How many repairs are read at once. */
const REPAIRS = 20;

function RepairPanel(state: PageState): VNode {
  const { server, store } = state;
  const [from, setFrom] = useState(0);
  const isKnown = state.isThere && store.generation === state.standing.generation;
  const repair = useAnswer<RepairView>(
    !isKnown ? null : (signal) => server.get("repair", { from, to: from + REPAIRS }, signal),
    [store.generation, isKnown, from],
  );
  const heading = show(OpenedHeading, { text: "Repairs that are provable" });
  if (repair.value === null) {
    return div({ class: "panel" }, heading, answerNotice(repair, "Planning the repairs …"));
  }
  const { rows, total, stays, words, command, plan, summary } = repair.value;
  return div(
    { class: "panel" },
    heading,
    p({ class: "hint" }, summary),
    total === 0
      ? nothingHere(
        "Nothing can be repaired",
        "What is broken needs a decision of yours: see To do.",
      )
      : ol(
        { class: "plain-list" },
        ...rows.map((row) =>
          li(
            { key: `${row.kind} ${row.path}` },
            bdi({ class: "finding-path" }, row.path),
            ": ",
            bdi({}, row.reasons.join("; ")),
          )
        ),
      ),
    pager("Pages of repairs", from, REPAIRS, total, setFrom),
    stays === 0 ? null : p(
      { class: "hint" },
      `${plural(stays, "thing stays broken and needs", "things stay broken and need")} you.`,
    ),
    // How it ended is seen there, too, when nothing is left to repair.
    store.may.repair
      ? show(CarryOut, {
        state,
        path: "repair",
        plan,
        words,
        verb: "Repair",
        onOutdated: () => setFrom(0),
      })
      : total === 0
      ? null
      : show(CopyText, { text: command, what: "the command that repairs" }),
  );
}
