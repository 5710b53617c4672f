import { type BackupListing, isWholeCopy, type Rescue } from "../../lib/backup/backup.ts";
import { DamagedBackupError } from "../../lib/errors.ts";
import type { Backups } from "../ports/backups.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Store } from "../ports/store.ts";

/** What can be brought back. */
export interface RestoreAdvice {
  /** The id of the newest backup that comes back whole; `null` when none does, or it is that of the rescue. */
  readonly whole: string | null;
  /** Whether that is the newest of all that are sound. */
  readonly isNewest: boolean;
  /** What brings back what is gone that the newest change was about; `null` when nothing is, or does. */
  readonly rescue: Rescue | null;
  /** Whether none of them comes back but in parts. */
  readonly isPartly: boolean;
  /** The id of the newest that is only ever copied to another place; `null` when there is none. */
  readonly apart: string | null;
}

/** Copies are long to read, so no more of them are tried. */
const MOST_COPIES = 2;

/**
 * Finds out which of a store's backups can be brought back. Needs read permission.
 *
 * @param store The store.
 * @param listed Its backups, as `listBackups` lists them.
 * @param options Where they lie.
 * @returns What can be brought back at the moment.
 */
export async function adviseRestore(
  store: Store,
  listed: readonly BackupListing[],
  { backups = null }: { readonly backups?: string | null } = {},
): Promise<RestoreAdvice> {
  const place = await requireCapability(store, "backups").open(backups);
  const sound = listed.filter(({ kind }) => kind !== "damaged");
  const { whole, isBlocked, apart } = await findWhole(place, sound);
  const newest = sound.find((one) => one.kind === "change");
  const { waiting = 0, gone = 0 } = newest?.undoing ?? {};
  const rescue = newest === undefined || waiting + gone === 0
    ? null
    : await place.rescue(newest.id);
  return {
    whole: rescue?.id === whole ? null : whole,
    isNewest: whole === sound[0]?.id,
    rescue,
    isPartly: isBlocked && whole === null && rescue === null,
    apart,
  };
}

/** What its list of files does not tell of a copy helps nobody. */
function ofDamaged(error: unknown): null {
  if (error instanceof DamagedBackupError) return null;
  throw error;
}

async function findWhole(
  place: Backups,
  sound: readonly BackupListing[],
): Promise<Pick<RestoreAdvice, "whole" | "apart"> & { readonly isBlocked: boolean }> {
  let copies = 0;
  let isBlocked = false;
  let apart: string | null = null;
  for (const { id, ...backup } of sound) {
    if (backup.kind === "change") {
      const { changes, undoing } = backup;
      if ((undoing?.possible ?? changes) === changes) return { whole: id, isBlocked, apart };
      isBlocked ||= undoing?.isOfOther !== true;
    } else if (isWholeCopy(backup) && copies++ < MOST_COPIES) {
      const preview = await place.preview(id).catch(ofDamaged);
      const { changes = 0, collisions = [] } = preview ?? {};
      if (preview?.apart !== undefined) apart ??= id;
      else if (changes > 0 && collisions.length === 0) return { whole: id, isBlocked, apart };
      isBlocked ||= collisions.length > 0;
    }
  }
  return { whole: null, isBlocked, apart };
}
