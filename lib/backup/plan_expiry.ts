/**
 * Deciding which backups go.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import type { NonEmpty } from "../store/snapshot.ts";
import type { BackupListing, CopyScope } from "./backup.ts";
import { newestFirst as inOrder } from "./backup_order.ts";
import { namedBackup } from "./named_backup.ts";
import { sameScope } from "./plan_backup.ts";

/** Which backups may go by age. */
export interface ExpiryPolicy {
  /** Ms: backups older than this may go. */
  readonly olderThan: number;
  /** How many of the newest of each scope stay, whatever their age; 1 or more. */
  readonly keepLast: number;
}

/** What a copy backup alone holds. */
export interface OnlyCopies {
  /** Files and links that neither the store (active or in `.trash/`) nor a newer copy backup has, sound. */
  readonly files: number;
  /** Bytes of those files. */
  readonly bytes: number;
  /** One of them. */
  readonly example: string;
  /** A newer copy backup that lists one of them and does not hold it; `null` when none lists any. */
  readonly unsound: { readonly id: string; readonly message: string } | null;
}

/** Why a backup goes. */
export type ExpiryReason =
  | { readonly kind: "older-than"; readonly age: number; readonly limit: number }
  | { readonly kind: "named" };

/** Why a backup stays. */
export type StayReason =
  | { readonly kind: "younger-than"; readonly age: number; readonly limit: number }
  | { readonly kind: "among-the-newest"; readonly place: number; readonly keepLast: number }
  | { readonly kind: "only-copy" } & OnlyCopies
  | { readonly kind: "change" }
  | { readonly kind: "damaged"; readonly message: string }
  | { readonly kind: "not-named" };

/** A backup that goes. */
export interface Expired {
  /** The backup's id. */
  readonly id: string;
  /** Bytes that its removal can free at most: what it shares with another backup stays on the disk. */
  readonly bytes: number;
  /** Why it goes. */
  readonly reasons: NonEmpty<ExpiryReason>;
}

/** A backup that stays. */
export interface Staying {
  /** The backup's id. */
  readonly id: string;
  /** Why it stays. */
  readonly reasons: NonEmpty<StayReason>;
}

/** Which backups go and which stay, each with its reasons; newest first. */
export interface ExpiryPlan {
  /** Which backups go. */
  readonly expired: readonly Expired[];
  /** Which backups stay. */
  readonly kept: readonly Staying[];
}

type Copy = Extract<BackupListing, { readonly kind: "copy" }>;

/**
 * Names the copy backups that their age lets go, before it is known what they alone hold. Only for these
 * need that be found out.
 *
 * @param backups All backups of a store.
 * @param policy Which may go.
 * @param options The moment against which ages are judged, epoch ms.
 * @returns Their ids.
 * @throws {InvalidArgumentError} When the policy has no limit, or keeps none.
 */
export function expiryCandidates(
  backups: readonly BackupListing[],
  policy: ExpiryPolicy,
  options: { readonly now: number },
): readonly string[] {
  return judge(backups, policy, options.now).flatMap(({ backup, stays }) =>
    stays.length === 0 ? [backup.id] : []
  );
}

/**
 * Plans which backups go by age: copy backups older than the limit, unless they are among the newest of
 * their scope, or hold the only copy of a file. A change backup never goes by age: what it holds is
 * nowhere else.
 *
 * A copy backup holds the *only copy* of a file when neither the store, active or in `.trash/`, nor any
 * newer copy backup has a sound file at that path. An older version of a file that is still there is no
 * such thing: otherwise each metric that grows would keep every backup for ever. A version that has lost
 * its content is none, nor is a record that MLflow cannot read in place of one that it can, nor a link that
 * leads elsewhere: its target is all there was of it. Since only what is newer may stand in for a copy, no
 * path is lost by letting several go at once.
 *
 * @param backups All backups of a store.
 * @param policy Which may go.
 * @param facts What each candidate alone holds (none: nothing), and the moment, epoch ms.
 * @returns What goes and what stays, newest first.
 * @throws {InvalidArgumentError} When the policy has no limit, or keeps none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const plan = planExpiry([], { olderThan: 90 * 86_400_000, keepLast: 3 }, {
 *   now: Date.UTC(2026, 10, 1),
 *   only: new Map(),
 * });
 * assertEquals(plan, { expired: [], kept: [] });
 * ```
 */
export function planExpiry(
  backups: readonly BackupListing[],
  policy: ExpiryPolicy,
  facts: { readonly now: number; readonly only: ReadonlyMap<string, OnlyCopies> },
): ExpiryPlan {
  const expired: Expired[] = [];
  const kept: Staying[] = [];
  for (const { backup, stays, age } of judge(backups, policy, facts.now)) {
    const only = facts.only.get(backup.id);
    const [first, ...rest] = stays;
    if (first !== undefined) kept.push({ id: backup.id, reasons: [first, ...rest] });
    else if (only !== undefined) {
      kept.push({ id: backup.id, reasons: [{ kind: "only-copy", ...only }] });
    } else {
      const { olderThan: limit } = policy;
      expired.push({
        id: backup.id,
        bytes: backup.kind === "damaged" ? 0 : backup.bytes,
        reasons: [{ kind: "older-than", age, limit }],
      });
    }
  }
  return { expired, kept };
}

/**
 * Plans the removal of one backup by its name, whatever it holds.
 *
 * @param backups All backups of a store.
 * @param id The backup's id, or as much of its beginning as no other has.
 * @returns What goes and what stays, newest first.
 * @throws {InvalidArgumentError} When there is no such backup, or more than one.
 */
export function planNamedExpiry(backups: readonly BackupListing[], id: string): ExpiryPlan {
  const named = namedBackup(newestFirst(backups), id);
  return {
    expired: [{
      id: named.id,
      bytes: named.kind === "damaged" ? 0 : named.bytes,
      reasons: [{ kind: "named" }],
    }],
    kept: newestFirst(backups)
      .filter((backup) => backup !== named)
      .map((backup) => ({ id: backup.id, reasons: [{ kind: "not-named" }] })),
  };
}

interface Verdict {
  readonly backup: BackupListing;
  readonly age: number;
  /** None: its age lets it go. */
  readonly stays: readonly StayReason[];
}

function judge(
  backups: readonly BackupListing[],
  { olderThan, keepLast }: ExpiryPolicy,
  now: number,
): readonly Verdict[] {
  if (!(olderThan >= 0 && olderThan < Infinity)) {
    throw new InvalidArgumentError(
      `Cannot expire backups: expected an age of 0 or more, found ${olderThan}`,
    );
  }
  if (!Number.isSafeInteger(keepLast) || keepLast < 1) {
    throw new InvalidArgumentError(
      `Cannot expire backups: expected to keep 1 or more, found ${keepLast}; name the last one to let it go`,
    );
  }
  const seen: { readonly scope: CopyScope; count: number }[] = [];
  const placeOf = ({ scope }: Copy): number => {
    const group = seen.find((one) => sameScope(one.scope, scope));
    if (group !== undefined) return ++group.count;
    seen.push({ scope, count: 1 });
    return 1;
  };
  return newestFirst(backups).map((backup): Verdict => {
    if (backup.kind === "damaged") {
      return { backup, age: 0, stays: [{ kind: "damaged", message: backup.message }] };
    }
    const age = now - backup.createdAt;
    if (backup.kind === "change") return { backup, age, stays: [{ kind: "change" }] };
    const place = placeOf(backup);
    return {
      backup,
      age,
      stays: [
        ...(age > olderThan ? [] : [{ kind: "younger-than", age, limit: olderThan } as const]),
        ...(place > keepLast ? [] : [{ kind: "among-the-newest", place, keepLast } as const]),
      ],
    };
  });
}

function newestFirst(backups: readonly BackupListing[]): readonly BackupListing[] {
  return inOrder(backups.map((backup) => ({ createdAt: -Infinity, ...backup, backup })))
    .map(({ backup }) => backup);
}
