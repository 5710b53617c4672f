/**
 * The keys of `review` in `mltidy.yaml`: how the page is served.
 *
 * @module
 */

import { LAST_PORT, listOf, optionalText, type Rows, text, whole } from "./config_value.ts";

/** `review`: how the page is served. */
export interface ReviewConfig {
  /** The port at which it is tried first. */
  readonly port: number;
  /** The address of MLflow's UI, to which runs link; `null`: not said. */
  readonly mlflowUi: string | null;
  /** Names of hosts by which a proxy may ask for the page, besides this machine's own. */
  readonly allowHosts: readonly string[];
}

/** The keys of `review`. */
export const reviewRows: Rows<ReviewConfig> = {
  port: {
    kind: whole(0, LAST_PORT),
    default: 8484,
    example: "8484",
    describe: "The port of the page; where it is taken, the next one",
  },
  mlflowUi: {
    kind: optionalText(),
    default: null,
    example: "http://localhost:5000",
    describe: "The address of MLflow's UI, to which each run links",
  },
  allowHosts: {
    kind: listOf(text()),
    default: [],
    example: "[mltidy.example.org]",
    describe: "Hosts by which a proxy may ask for the page, besides this machine's own names",
  },
};
