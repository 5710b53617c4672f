/**
 * The ports: a store that can be read, and what else can be done with some kinds of store.
 *
 * @module
 */

import type { SettledChange } from "../../lib/backup/report.ts";
import type { ActionKind } from "../../lib/plan/action_kind.ts";
import type {
  Action,
  LinkedPlace,
  MergeEvidence,
  MergePolicy,
  MoveEvidence,
  MovePolicy,
  PlanTask,
} from "../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../lib/plan/report.ts";
import type { Evidence, RepairPolicy } from "../../lib/plan/repair_action.ts";
import type { Extras } from "../../lib/store/extras.ts";
import type { Depth, StoreSnapshot } from "../../lib/store/snapshot.ts";
import type { Remains } from "../../lib/store/usage.ts";
import type { BackupPlaces, BackupWork, LockedBackupPlaces } from "./backups.ts";
import type { Tracking } from "./tracking.ts";

export type { SettledChange };

/** Options of everything that may take long. */
export interface Abortable {
  /** Looked at between actions, never inside one. */
  readonly signal?: AbortSignal | undefined;
}

/** Which store, and how it was chosen. */
export interface StoreDescription {
  /** An absolute path, or a URI without credentials; the same for all that open the same store. */
  readonly location: string;
  /** For people, for example `--store` or `MLFLOW_TRACKING_URI`. */
  readonly chosenBy: string;
}

/** How to read a store. */
export interface ReadOptions<D extends Depth> extends Abortable {
  /** `meta` for counting, `tags` for planning. */
  readonly depth: D;
  /** Measure everything. @default {false} */
  readonly sizes?: boolean;
  /** What alone to read besides metadata; otherwise all tags. @default {undefined} */
  readonly extras?: Extras;
  /** Nothing will be planned of it: read faster, and no less on any file system that is known. @default {false} */
  readonly isReport?: boolean;
  /**
   * What is planned of it will only be shown, and the store read again before anything is carried out, or can only
   * keep more than what was planned of such a reading: read as fast as for a report. @default {false}
   */
  readonly isPreview?: boolean;
  /**
   * What alone is asked for: an experiment by its id or its name, and what that names. Read whole where that costs
   * little. @default {all of it}
   */
  readonly experiment?: string | undefined;
  /** Called as runs are read, with their number so far, and about how many there are where that is known. */
  readonly onProgress?: ((runs: number, all?: number) => void) | undefined;
}

/** A store that can be read. What a kind of store cannot do besides is `null`. */
export interface Store extends AsyncDisposable {
  /** Says which store this is. */
  describe(): StoreDescription;
  /** The current time, epoch ms: the clock of everything that happens through this store. */
  now(): number;
  /** Reads a snapshot. */
  read<D extends Depth>(options: ReadOptions<D>): Promise<StoreSnapshot<D>>;
  /** Carrying out plans. */
  readonly changes: Changes | null;
  /** Finding out how damage can be mended. */
  readonly mending: Mending | null;
  /** Finding out what goes with a run into another experiment. */
  readonly moving: Moving | null;
  /** Finding out what of another store can be copied into it. */
  readonly merging: Merging | null;
  /** Where its backups lie. */
  readonly backups: BackupPlaces | null;
  /** Keeping runs for good. */
  readonly pinning: Pinning | null;
  /** What training writes: experiments and runs. Takes no lock that a clean-up waits for. */
  readonly tracking: Tracking | null;
}

/** Which run is meant. */
export interface PinnedRun {
  /** The id of the experiment that it lies in. */
  readonly experimentId: string;
  /** Its id. */
  readonly runId: string;
}

/** Keeping runs for good, by the tag `mltidy.pin`, which MLflow shows and can take away as well. */
export interface Pinning {
  /**
   * Pins an active run, or takes its pin away. Takes no lock that a clean-up waits for.
   *
   * @throws {InvalidArgumentError} When there is no such active run.
   */
  pin(run: PinnedRun, pinned: boolean): Promise<void>;
}

/** How a store is changed. */
export interface Changes {
  /** The kinds of action that the store can carry out; nothing else is planned for it. */
  readonly kinds: ReadonlySet<ActionKind>;
  /** How the whole store is looked at again while a change is under way. @default {as often as a directory bears it} */
  readonly looking?: Looking;
  /** Names the changes that are not finished: somebody is at work on them, or they were cut off. */
  interrupted(): Promise<readonly string[]>;
  /** Names the task, with its process, that changes the store just now; `null` when none does. */
  holder(): Promise<string | null>;
  /** Names the directories, by their paths, whose modification time no undoing of these actions gives back. */
  lostTimes(actions: readonly Action[]): Promise<readonly string[]>;
  /** Names what symbolic links lead to that leave with these actions: it stays where it is. */
  linked(actions: readonly Action[]): Promise<readonly LinkedPlace[]>;
  /** Names what is staged for a change that is at work, or was left by one that could not free it. */
  staged(): Promise<readonly string[]>;
  /**
   * Takes the lock and settles what was cut off.
   *
   * @throws {StoreLockedError} When another process holds it.
   * @throws {StoreAccessError} When the store cannot be written to.
   * @throws {DiskFullError} When its disk has no room for that.
   */
  lock(options: LockOptions): Promise<LockedStore>;
}

/** How often the whole of a store is looked at again: where each subject is read right before it is changed, seldom. */
export interface Looking {
  /** How long a look takes, ms, as long as none was taken. */
  readonly usual: (runs: number) => number;
  /** How many times as long the change works between two. */
  readonly rest: number;
}

/** What a store is locked for. */
export interface LockOptions {
  /** The task, for whoever is kept waiting. */
  readonly task: string;
  /** Whether it only makes room, or first: then a disk without any keeps nobody from it. @default {false} */
  readonly makesRoom?: boolean;
}

/** What tells how the damage of a store can be mended. */
export interface Mending {
  /** Reads what repair must know of the damage in a snapshot. */
  evidence(snapshot: StoreSnapshot<"full">, policy: RepairPolicy): Promise<Evidence>;
}

/** What tells what goes with a run that moves. */
export interface Moving {
  /** Reads what moving must know of the runs that are asked for. */
  evidence(snapshot: StoreSnapshot<"tags">, policy: MovePolicy): Promise<MoveEvidence>;
}

/** The other store of a merge, and what merging must know. */
export interface MergeSource {
  /** The other store, read with what traces come from. */
  readonly other: StoreSnapshot<"tags">;
  /** What was read of both besides. */
  readonly evidence: MergeEvidence;
}

/** What tells what of another store can be copied into a store. */
export interface Merging {
  /** What kind of store it is: another one is merged only if it is of the same. */
  readonly kind: "directory" | "sqlite" | "postgresql";
  /**
   * Reads another store of the same kind, and what merging must know of both. Needs read permission for it.
   *
   * @throws {StoreNotFoundError} When it is not there.
   * @throws {UnsupportedStoreError} When it cannot be merged into this one.
   * @throws {InvalidArgumentError} When a part of the selection fits nothing there.
   */
  read(
    snapshot: StoreSnapshot<"tags">,
    policy: MergePolicy,
    work?: Abortable & Pick<ReadOptions<"tags">, "onProgress">,
  ): Promise<MergeSource>;
}

/** The same, for whoever may write. */
export interface LockedMending extends Mending {
  /** Keeps copies of the records that MLflow can read, so that `repair` can bring them back exactly. */
  keepMetadata(snapshot: StoreSnapshot): Promise<void>;
}

/** Who is told of what while a change ends. */
export interface FinishWork extends Pick<BackupWork, "onProgress"> {
  /** Told of what was not to be kept and could not be freed. */
  readonly onRemains?: (remains: Remains) => void;
}

/** How to carry out the actions of a change. */
export interface PerformOptions extends Abortable {
  /** Asked just before an action: whether it would still be planned. @default {it would} */
  readonly isStillPlanned?: (action: Action) => Promise<boolean>;
}

/** A change that is under way; disposing of one that is not finished takes everything back. */
export interface Change extends AsyncDisposable {
  /**
   * Carries out the actions of the change in their order, each if its subject is still what the plan saw.
   *
   * @returns One outcome for each action, in the same order, as it comes; `not-run` for those that the
   * signal kept from being begun. Never throws for what happens in the store.
   */
  performAll(options?: PerformOptions): AsyncIterable<ActionOutcome>;
  /**
   * Ends the change, and frees what is not to be kept.
   *
   * @returns The backup; `null` when nothing was done or nothing is to be kept.
   */
  finish(
    work?: FinishWork,
  ): Promise<{ readonly id: string; readonly path: string } | null>;
}

/** A store that this process alone may change; disposing of it releases the lock. */
export interface LockedStore extends Store {
  /** Carrying out plans: the lock is taken already. */
  readonly changes: Changes;
  /** Finding out how damage can be mended, and keeping what it can be mended from. */
  readonly mending: LockedMending | null;
  /** Where its backups lie, to be changed as well. */
  readonly backups: LockedBackupPlaces | null;
  /** What was cut off before and has been settled on taking the lock. */
  readonly settled: readonly SettledChange[];
  /** What earlier changes were not to keep, and could not be freed on taking the lock either. */
  readonly remains: readonly Remains[];
  /**
   * Begins a change with these actions. Where the disk has no room for that, and nothing is to be kept, what
   * goes for good goes first, one after the other, and is not taken back.
   *
   * @throws {DiskFullError} When the disk has no room for it, and nothing of it makes room.
   */
  begin(options: {
    readonly task: PlanTask;
    /** Of kinds that the store can carry out. */
    readonly actions: readonly Action[];
    /** Epoch ms. */
    readonly now: number;
    readonly keepBackup: boolean;
    /** Where else backups of the store lie: their ids are not given again. */
    readonly elsewhere?: string;
  }): Promise<Change>;
}
