import { inferArtifactRoot } from "../../lib/snapshot/artifact_root.ts";
import { openSession, type Reach } from "./postgres/session.ts";

/**
 * Finds where the artifacts of a database lie. Needs net permission for its host.
 *
 * @param reach The database.
 * @returns Absolute path of their root; `null` where they are not on this machine.
 */
export async function findArtifactRoot(reach: Reach): Promise<string | null> {
  await using session = await openSession(reach, "read");
  return inferArtifactRoot(
    await session.sql.unsafe<{ id: string; location: string | null }[]>(
      "SELECT experiment_id::text AS id, artifact_location AS location FROM experiments",
    ),
  );
}
