/**
 * The second thread that stages files: see `stage_ahead.ts`.
 *
 * @module
 */

import { useLinksToOpen } from "../../_io/hold.ts";
import { serveThread } from "../../_io/second_thread.ts";
import type { StageAssignment, StagedBatch } from "./stage_ahead.ts";
import { stageFiles } from "./stage_files.ts";

serveThread<StageAssignment, StagedBatch>(async ({ batch, at, links }, report) => {
  useLinksToOpen(links);
  report({ name: batch.name, staged: await stageFiles(batch, at) });
});
