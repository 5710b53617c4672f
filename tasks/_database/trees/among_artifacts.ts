/**
 * What lies among the artifacts of a database, where nothing may come between what MLflow has written.
 *
 * @module
 */

import { join } from "@std/path";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { inferArtifactRoot, type LocatedExperiment } from "../../../lib/snapshot/artifact_root.ts";
import { locations, selectRows, type Tables, text } from "../scan/tables.ts";

/**
 * Finds where the artifacts of a database lie, be it that rows say so, or that a server serves them from there.
 *
 * @param tables The database, and from where a server serves artifacts of it.
 * @returns Absolute path of their root; `null` where they are not on this machine.
 */
export function findArtifactRoot(tables: Tables): string | null {
  return inferArtifactRoot([...selectRows<LocatedExperiment>(tables, {
    table: "experiments",
    fields: { id: text("experiment_id"), location: locations(tables, "artifact_location") },
    needs: ["experiment_id", "artifact_location"],
  })]);
}

/**
 * Refuses a directory among what belongs to a database.
 *
 * @param real Absolute path of the directory, without links.
 * @param places Absolute real paths of what belongs to the database; `null` where there is none.
 * @param refusal What the directory was named for, what else can be done, and the location of the database.
 * @throws {InvalidArgumentError} When it lies in one of them.
 */
export function refuseAmong(
  real: string,
  places: readonly (string | null)[],
  refusal: { readonly what: string; readonly instead: string; readonly location: string },
): void {
  const { what, instead, location } = refusal;
  for (const place of places) {
    if (place === null || real !== place && !real.startsWith(join(place, "/"))) continue;
    throw new InvalidArgumentError(
      `Cannot ${what} ${real}: it lies in ${place}, which belongs to store ${location}; name a directory elsewhere, or ${instead}`,
    );
  }
}
