/**
 * How things stand with the store, as the server tells it line by line.
 *
 * @module
 */

import type { EventLine, WorkLine } from "../../messages.ts";

/** How things stand. */
export interface Standing {
  /** How far the store is read; `null`: it is not being read. */
  readonly reading: Extract<EventLine, { event: "reading" }> | null;
  /** The reading that can be asked about; `null`: none yet. */
  readonly generation: number | null;
  /** Rises with all that makes asking for the store again worthwhile. */
  readonly news: number;
  /** What is being carried out. */
  readonly work: WorkLine | null;
  /** What has failed, by its step. */
  readonly failures: Readonly<Record<string, string>>;
}

/** Before anything was told. */
export const AT_FIRST: Standing = {
  reading: null,
  generation: null,
  news: 0,
  work: null,
  failures: {},
};

/**
 * Follows what is told.
 *
 * @param standing How things stood.
 * @param line What is told.
 * @returns How they stand.
 */
export function follow(standing: Standing, line: EventLine): Standing {
  const news = standing.news + 1;
  switch (line.event) {
    case "reading":
      return { ...standing, reading: line, failures: {} };
    case "ready":
      return { ...standing, reading: null, generation: line.generation, news };
    case "measured":
    case "verified":
      return { ...standing, news };
    case "work":
      return { ...standing, work: line.work };
    case "failed":
      return {
        ...standing,
        reading: line.step === "reading" ? null : standing.reading,
        failures: { ...standing.failures, [line.step]: line.message },
      };
  }
}
