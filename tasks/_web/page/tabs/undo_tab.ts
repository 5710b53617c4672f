/// <reference lib="dom" />
/**
 * What was taken away, and bringing it back.
 *
 * @module
 */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatCount, formatSize, plural } from "../../../../lib/text/units.ts";
import type { BackupContentsView, BackupsView, BackupView } from "../../messages.ts";
import { useAnswer } from "../asking/use_answer.ts";
import { ConfirmButton, CopyText } from "../parts/controls.ts";
import { OpenedHeading } from "../parts/focused.ts";
import {
  bdi,
  button,
  code,
  type Content,
  div,
  h3,
  h4,
  li,
  ol,
  p,
  section,
  show,
  span,
  ul,
} from "../parts/element.ts";
import { moment, name } from "../parts/moment.ts";
import { answerNotice, nothingHere, notice, viewHeading } from "../parts/notice.ts";
import { pager } from "../parts/pager.ts";
import { workEnd } from "../parts/work_panel.ts";
import type { PageState } from "./page_state.ts";

/** How many backups, and runs of one, are read at once. */
const BACKUPS = 10;
const RUNS = 20;

/**
 * The view of what can be taken back.
 *
 * @param properties What all views share, and the backup that is shown.
 * @returns The view.
 */
export function UndoTab(
  { state, id }: { readonly state: PageState; readonly id: string | null },
): VNode {
  const { server, standing, work, isThere } = state;
  const [from, setFrom] = useState(0);
  const [open, setOpen] = useState(id);
  const turn = (to: number): void => {
    // What is opened takes the focus, and would do so again when its page comes back.
    setOpen(null);
    setFrom(to);
  };
  useEffect(() => setOpen(id), [id]);
  const backups = useAnswer<BackupsView>(
    !isThere ? null : (signal) => server.get("backups", { from, to: from + BACKUPS }, signal),
    [isThere, from, standing.generation],
  );
  const restore = async (backup: string, run?: string): Promise<void> => {
    const end = await work.begin(
      "restore",
      run === undefined ? { id: backup } : { id: backup, run },
    );
    // What is left of it is brought back from there.
    if (end?.work === "done" && end.notRun === 0 && run === undefined) setOpen(null);
  };
  return div(
    { class: "view" },
    viewHeading(
      "Take it back",
      "Whatever mltidy took away or changed lies in a backup, and can be brought back byte for byte.",
    ),
    workEnd(work, "restore"),
    answerNotice(backups, "Looking for backups …"),
    backups.value === null ? null : backups.value.total === 0
      ? nothingHere(
        "Nothing to take back",
        "Once something was carried out, it can be undone here.",
      )
      : div(
        { class: "stack" },
        ol(
          { class: "backups" },
          ...backups.value.backups.map((backup) =>
            li(
              { key: backup.id, class: "card" },
              backupHead(backup),
              backup.id === open
                ? show(Contents, { state, backup, restore, close: () => setOpen(null) })
                : button(
                  {
                    type: "button",
                    "aria-label": `See what it holds: ${titleOf(backup)}`,
                    onClick: () => setOpen(backup.id),
                  },
                  "See what it holds",
                ),
            )
          ),
        ),
        pager("Pages of backups", from, BACKUPS, backups.value.total, turn),
      ),
  );
}

function titleOf({ kind, task }: BackupView): string {
  if (kind === "damaged") return "A damaged backup";
  if (kind === "copy") return "A copy of the store";
  return `${task.charAt(0).toUpperCase()}${task.slice(1)}`;
}

function backupHead(backup: BackupView): VNode {
  const { createdAt, kind, count, bytes, text, id } = backup;
  return div(
    { class: "backup-head" },
    h3({}, titleOf(backup), " ", span({ class: "hint" }, moment(createdAt))),
    p({}, bdi({}, text)),
    p(
      { class: "hint" },
      kind === "copy" ? `${plural(count, "file")}, ` : "",
      kind === "damaged" ? "" : `${formatSize(bytes)} · `,
      code({}, id),
    ),
  );
}

/** What all parts of what a backup holds are made of. */
interface ContentsOptions {
  readonly state: PageState;
  readonly backup: BackupView;
  readonly restore: (backup: string, run?: string) => void;
  readonly close: () => void;
}

function Contents(options: ContentsOptions): VNode {
  const { state, backup, close } = options;
  const { server, standing, isThere } = state;
  const [from, setFrom] = useState(0);
  const contents = useAnswer<BackupContentsView>(
    !isThere
      ? null
      : (signal) => server.get("backups", { id: backup.id, from, to: from + RUNS }, signal),
    [isThere, backup.id, from, standing.generation],
  );
  const { value, error } = contents;
  const closing = button({ type: "button", class: "quiet", onClick: close }, "Close");
  return section(
    { class: "panel", "aria-label": `What ${titleOf(backup)} holds` },
    show(OpenedHeading, { text: "What it holds" }),
    value === null
      ? [answerNotice(contents, "Looking into it …"), error === null ? null : closing]
      : [
        hindrances(value),
        restoreAll(value, options, closing),
        value.experiments.length === 0 ? null : p(
          {},
          `Of ${plural(value.experiments.length, "experiment")}: `,
          ...value.experiments.flatMap((one, index) => [index === 0 ? "" : ", ", name(one.name)]),
        ),
        value.total === 0 ? null : div(
          {},
          h4({}, `Runs (${formatCount(value.total)})`),
          runList(value, options),
          pager("Pages of runs", from, RUNS, value.total, setFrom),
        ),
      ],
  );
}

/** What keeps it from being brought back, if anything does. */
function hindrances({ changes, collisions, apart }: BackupContentsView): readonly Content[] {
  return [
    collisions.length === 0 ? null : notice(
      "warning",
      h4({}, "Something is in the way"),
      p({}, "Nothing is brought back before this is out of the way:"),
      ul({}, ...collisions.map((one) => li({ key: one }, bdi({}, one)))),
    ),
    apart === null ? null : notice("note", p({}, bdi({}, apart))),
    changes === 0 && apart === null ? p({}, "All of it has been brought back already.") : null,
  ];
}

function mayRestore({ apart, changes }: BackupContentsView, { store }: PageState): boolean {
  return store.may.restore && apart === null && changes > 0;
}

function restoreAll(
  contents: BackupContentsView,
  { state, backup, restore }: ContentsOptions,
  closing: VNode,
): VNode {
  const { changes, collisions, apart, command } = contents;
  if (mayRestore(contents, state)) {
    return div(
      { class: "field-line" },
      show(ConfirmButton, {
        text: "Bring everything back",
        question: `Bring back all ${plural(changes, "change")}?`,
        yes: "Yes, bring everything back",
        isDisabled: state.isBusy || collisions.length > 0,
        onYes: () => restore(backup.id),
      }),
      closing,
    );
  }
  if (changes === 0 && apart === null) return closing;
  return div(
    {},
    p(
      {},
      state.store.mayApply
        ? "To bring it back, type:"
        : "This page only looks. To bring it back, type:",
    ),
    show(CopyText, { text: command, what: "the command that brings it back" }),
    closing,
  );
}

function runList(contents: BackupContentsView, { state, backup, restore }: ContentsOptions): VNode {
  const isRestorable = mayRestore(contents, state);
  return ul(
    { class: "plain-list" },
    ...contents.runs.map((run) =>
      li(
        { key: run.id, class: "restorable" },
        span({}, name(run.name), " ", bdi({ class: "finding-path" }, run.id)),
        isRestorable
          ? show(ConfirmButton, {
            text: ["Bring back", span({ class: "visually-hidden" }, ` ${run.name || run.id}`)],
            question: "Bring this run back?",
            yes: "Yes, bring it back",
            isDisabled: state.isBusy,
            onYes: () => restore(backup.id, run.id),
          })
          : null,
      )
    ),
  );
}
