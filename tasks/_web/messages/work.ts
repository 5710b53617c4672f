/**
 * What `review:apply` carries out, and tells of it.
 *
 * @module
 */

/** The body of `POST /api/apply`, and of `POST /api/repair`; answered by lines of {@linkcode WorkLine}. */
export interface ApplyRequest {
  /** The plan that was shown. */
  readonly plan: string;
  /** Its {@linkcode PlanView.words}, as they were typed. */
  readonly words: string;
}

/** The body of `POST /api/restore`; answered by lines of {@linkcode WorkLine}. */
export interface RestoreRequest {
  /** The backup. */
  readonly id: string;
  /** Only this run, by its id. */
  readonly run?: string;
}

/** The body of `POST /api/pin`, and its answer once the store has been read again. */
export interface PinRequest {
  /** The run's path. */
  readonly path: string;
  readonly pinned: boolean;
}

/** The answer of `POST /api/cancel`, which has an empty object for its body. */
export interface CancelAnswer {
  /** Whether something was at work; it ends between two actions, and says so in its last line. */
  readonly cancelled: boolean;
}

/** A line of what is being carried out; the last one is never `progress`. */
export type WorkLine =
  | {
    readonly work: "progress";
    /** Such as `Reading runs`, `Applying`. */
    readonly label: string;
    readonly done: number;
    readonly total: number | null;
  }
  | {
    readonly work: "done";
    /** In one sentence, such as `143 soft-deleted, 2 quarantined; 24.0 KiB left the store`. */
    readonly summary: string;
    readonly applied: number;
    readonly skipped: number;
    readonly failed: number;
    /** Not begun, since it was cancelled. */
    readonly notRun: number;
    /** What left the store. */
    readonly bytes: number;
    /** The backup that `/api/restore` takes; `null`: none. */
    readonly backup: string | null;
    /** What was skipped, or failed, and why; what stays behind; at most 20. */
    readonly notes: readonly string[];
  }
  /** The store has changed since: nothing was done. Ask `/api/plan` again. */
  | { readonly work: "outdated"; readonly message: string }
  /** It could not be done, such as where another process holds the lock. */
  | { readonly work: "failed"; readonly message: string };
