/**
 * What the page is told of backups: which there are, what each holds, and what would come back.
 *
 * @module
 */

import type { BackupListing } from "../../lib/backup/backup.ts";
import { InvalidArgumentError } from "../../lib/errors.ts";
import { scopeText } from "../../lib/render/backups.ts";
import type { Named } from "../../lib/text/find_named.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import { plural } from "../../lib/text/units.ts";
import { fitting, type Window, windowOf } from "../../lib/view/fit_window.ts";
import { shownText } from "../../lib/view/shown_text.ts";
import { listBackups } from "../backups/list_backups.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { BackupContentsView, BackupsView, BackupView } from "./messages.ts";
import type { Session } from "./session.ts";

/**
 * Lists the backups of the store, newest first.
 *
 * @param session The session.
 * @param window Which part of the list.
 * @returns The answer.
 */
export async function backupsView(
  { store, options }: Session,
  window: Window,
): Promise<BackupsView> {
  const { backups } = await listBackups(store, { backups: options.backups ?? undefined });
  const { total, shown } = windowOf(backups, window, backupView);
  return { total, backups: shown };
}

function backupView(backup: BackupListing): BackupView {
  const { id, kind } = backup;
  switch (kind) {
    case "damaged":
      return {
        ...{ id, kind, task: "", createdAt: null, count: 0, bytes: 0 },
        text: shownText(backup.message, 500),
      };
    case "copy": {
      const { createdAt, files, bytes, scope } = backup;
      const text = `copy of ${shownText(scopeText(scope))}`;
      return { id, kind, task: "backup", createdAt, count: files, bytes, text };
    }
    case "change": {
      const { createdAt, changes, bytes, task, undoing } = backup;
      const { possible = changes, waiting = 0, gone = 0, isOfOther = false } = undoing ?? {};
      const text = [
        `${plural(changes, "change")} of ${task}`,
        ...(possible === changes ? [] : [`${possible} can be undone now`]),
        ...(isOfOther ? ["made in another store than is there now"] : []),
        ...(waiting === 0 ? [] : [`${waiting} once a later change is undone`]),
        ...(gone === 0 ? [] : [`of ${gone} nothing is left`]),
      ].join(", ");
      return { id, kind, task, createdAt, count: changes, bytes, text };
    }
  }
}

const MOST_COLLISIONS = 20;

/**
 * Tells what bringing a backup back would do.
 *
 * @param session The session.
 * @param id The backup's id.
 * @param run Only this run, by its id; `null`: all of it.
 * @param window Which part of the runs that it holds.
 * @returns The answer; `null` when there is no such backup.
 */
export async function backupContentsView(
  { store, options }: Session,
  id: string,
  run: string | null,
  window: Window,
): Promise<BackupContentsView | null> {
  const place = await requireCapability(store, "backups").open(options.backups);
  // A name with other characters is none, and must lead to no other place.
  if (!(await place.list()).some((one) => one.id === id)) return null;
  const preview = await place.preview(id, run === null ? {} : { run })
    .catch((error: unknown) => {
      if (error instanceof InvalidArgumentError) return null;
      throw error;
    });
  const contents = await place.contents(id, { runNames: true });
  if (preview === null || contents === null) return null;
  const named = ({ id, name = id }: Named) => ({ id: shownText(id), name: shownText(name) });
  const { total, shown } = windowOf(contents.runs, window, named);
  const typed = run === null ? ["restore", id] : ["restore", id, "--run", run];
  return {
    id,
    changes: preview.changes,
    collisions: preview.collisions.slice(0, MOST_COLLISIONS).map((one) => shownText(one, 500)),
    apart: preview.apart === undefined ? null : shownText(preview.apart, 500),
    total,
    runs: shown,
    experiments: fitting(contents.experiments.map(named)),
    command: options.command(shellWords(typed)),
  };
}
