/**
 * Digests of rows of a database: what is planned of a thing is done only as long as its row says the same.
 *
 * @module
 */

import { fingerprintOf } from "./fingerprint.ts";

/** What a row says of a run. */
export interface RunState {
  readonly id: string;
  readonly name: string | null;
  readonly status: string | null;
  readonly stage: string | null;
  readonly started: number | null;
  readonly ended: number | null;
  readonly deleted: number | null;
  readonly location: string | null;
}

/** What a row says of an experiment. */
export interface ExperimentState {
  readonly name: string;
  readonly stage: string | null;
  readonly updated: number | null;
  readonly location: string | null;
}

/** What a row says of a logged model. */
export interface ModelState {
  readonly name: string;
  readonly run: string | null;
  readonly stage: string | null;
  readonly updated: number | null;
  readonly location: string;
}

/**
 * Digests all that a row says of a run.
 *
 * @param row The row.
 * @returns What changes with it.
 */
export function stampOf(
  { id, name, status, stage, started, ended, deleted, location }: RunState,
): string {
  // Nearly all end so, and where that is taken for granted there is less to digest.
  const start = location === null ? -1 : location.length - USUAL.length - id.length;
  const isUsual = start >= 0 && location!.startsWith(id, start) && location!.endsWith(USUAL);
  const place = isUsual ? location!.slice(0, start) : location;
  return fingerprintOf([name, status, stage, started, ended, deleted, place, isUsual ? 1 : 0]);
}

/**
 * Digests all that a row says of an experiment.
 *
 * @param row The row.
 * @param runs How many runs it has.
 * @returns What changes with it.
 */
export function experimentStampOf(
  { name, stage, updated, location }: ExperimentState,
  runs: number,
): string {
  return fingerprintOf([name, stage, updated, location, runs]);
}

/**
 * Digests all that a row says of a logged model.
 *
 * @param row The row.
 * @returns What changes with it.
 */
export function modelStampOf({ name, run, stage, updated, location }: ModelState): string {
  return fingerprintOf([name, run, stage, updated, location]);
}

const USUAL = "/artifacts";
