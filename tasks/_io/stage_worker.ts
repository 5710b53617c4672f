/**
 * The second thread that stages files: see `stage_ahead.ts`.
 *
 * @module
 */

import type { Assignment, StagedBatch } from "./stage_ahead.ts";
import { stageFiles } from "./stage_files.ts";

/** What this thread has of the interface of workers. */
const thread = self as unknown as {
  addEventListener(type: "message", listener: (event: MessageEvent<Assignment>) => void): void;
  postMessage(report: StagedBatch): void;
};

thread.addEventListener("message", async ({ data: { batch, at } }) => {
  thread.postMessage({ name: batch.name, staged: await stageFiles(batch, at) });
});
