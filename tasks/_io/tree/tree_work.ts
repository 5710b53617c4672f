import type { BackupProgress } from "../../../lib/backup/backup.ts";

/** Options of what is done to a tree, which may take long. */
export interface TreeWork {
  /** Looked at between files, and between the pieces of a large one. */
  readonly signal?: AbortSignal | undefined;
  /** Called as work goes on. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}
