/**
 * Making an empty store.
 *
 * *After an interruption*: the next call makes what is missing.
 *
 * @module
 */

import { ensureDirSync } from "@std/fs";
import { fromFileUrl, resolve } from "@std/path";
import { OWN_DIRECTORY } from "../../lib/names.ts";
import { makeDirectories, openWriting } from "./place.ts";
import { listDirectory } from "./read.ts";
import { createExperiment } from "./set_up_experiment.ts";

/**
 * Makes a store where nothing is, as MLflow does: with the experiment `Default`, whose id is 0. Where
 * something is, it does nothing. Needs read and write permission.
 *
 * @param location A directory or a `file:` URI.
 * @param now Epoch ms.
 */
export function createStore(location: string, now: number): void {
  const isUri = /^[a-z][a-z0-9+.-]+:/i.test(location);
  if (isUri && !/^file:/i.test(location)) return;
  const path = isUri ? fromFileUrl(location) : resolve(location);
  const listed = listDirectory(path);
  if (listed.kind === "failed" && !listed.missing) return;
  const names = listed.kind === "listed" ? listed.entries.map(({ name }) => name) : [];
  if (names.some((name) => name !== OWN_DIRECTORY && name !== ".trash")) return;
  ensureDirSync(path);
  const root = Deno.realPathSync(path);
  const writing = openWriting(root);
  createExperiment({ root, writing, now }, "0", { name: "Default", artifactLocation: null });
  makeDirectories(root, [".trash"]);
}
