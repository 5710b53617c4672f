/**
 * The second thread that stages files: see `stage_ahead.ts`.
 *
 * @module
 */

import type { Assignment, StagedBatch } from "./stage_ahead.ts";
import { useLinksToOpen } from "./hold.ts";
import { serveThread } from "./second_thread.ts";
import { stageFiles } from "./stage_files.ts";

serveThread<Assignment, StagedBatch>(async ({ batch, at, links }, report) => {
  useLinksToOpen(links);
  report({ name: batch.name, staged: await stageFiles(batch, at) });
});
