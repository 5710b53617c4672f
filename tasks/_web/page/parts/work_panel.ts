/// <reference lib="dom" />
/**
 * What is seen of something that is carried out: how far it is, how it ended, and how to take it back.
 *
 * @module
 */

import type { VNode } from "preact";
import { formatCount, formatSize } from "../../../../lib/text/units.ts";
import type { WorkLine } from "../../messages.ts";
import { a, button, div, h3, p, progress, show, span } from "./element.ts";
import { Focused } from "./focused.ts";
import { noteList, notice } from "./notice.ts";
import { fragmentOf } from "../pure/route.ts";
import type { Work, WorkEnd, WorkPath } from "../asking/use_work.ts";

/**
 * Makes a bar of progress.
 *
 * @param line How far it is.
 * @returns The bar with its words.
 */
export function progressOf(line: Extract<WorkLine, { work: "progress" }>): VNode {
  const { label, done, total } = line;
  const text = total === null
    ? done === 0 ? `${label} …` : `${label}: ${formatCount(done)}`
    : `${label}: ${formatCount(done)} of ${formatCount(total)}`;
  return div(
    { class: "progress" },
    span({ id: "progress-label" }, text),
    progress({
      "aria-labelledby": "progress-label",
      ...(total === null || total === 0 ? {} : { max: total, value: done }),
    }),
  );
}

/**
 * Shows how something ended that was carried out.
 *
 * @param work What was carried out.
 * @param path Where the server took it, if it is that which is shown here.
 * @returns How it ended; `null` before it has, and where it was something else.
 */
export function workEnd(work: Work, path: WorkPath): VNode | null {
  if (work.end === null || work.path !== path) return null;
  return show(Focused, { kind: "work-end", content: endPanel(work.end, path, work.clear) });
}

const DONE: Readonly<Record<WorkPath, string>> = {
  apply: "Carried out",
  repair: "Repaired",
  restore: "Brought back",
};

function endPanel(end: WorkEnd, path: WorkPath, clear: () => void): VNode {
  const dismiss = button({ type: "button", class: "quiet", onClick: clear }, "Close");
  if (end.work !== "done") {
    return notice(
      "error",
      h3({}, end.work === "outdated" ? "Nothing was changed" : "It could not be done"),
      p({}, end.message.replace(/\.?$/, ".")),
      dismiss,
    );
  }
  const counts = [
    end.skipped > 0 ? `${formatCount(end.skipped)} skipped` : "",
    end.failed > 0 ? `${formatCount(end.failed)} failed` : "",
    end.notRun > 0 ? `${formatCount(end.notRun)} not begun, since it was stopped` : "",
  ].filter((text) => text !== "");
  const isWhole = counts.length === 0;
  return notice(
    isWhole ? "done" : "warning",
    h3({}, isWhole ? DONE[path] : `${DONE[path]} in part`),
    p({}, end.summary),
    isWhole ? null : p({}, `${counts.join(", ")}.`),
    end.notes.length === 0 ? null : noteList(end.notes),
    end.backup === null ? null : p(
      {},
      end.bytes > 0 ? `${formatSize(end.bytes)} lie in the backup until you remove it. ` : "",
      "If that was a mistake: ",
      a({ href: fragmentOf("undo", end.backup) }, "take it back"),
      ".",
    ),
    dismiss,
  );
}
