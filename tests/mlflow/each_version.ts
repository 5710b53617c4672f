// deno-lint-ignore-file no-console -- a skipped test says why.
/**
 * Tests that run against each pinned version of real MLflow.
 *
 * @module
 */

import { assert } from "@std/assert";
import { isSetUp, type MlflowVersion, versions } from "./python.ts";

const missing = new Set<MlflowVersion>();
for (const version of versions) if (!await isSetUp(version)) missing.add(version);

const inCi = Deno.env.get("CI") === "true";
const explain = (version: MlflowVersion) =>
  `MLflow ${version.name} is not installed: run "deno task test:mlflow"`;

if (!inCi) {
  for (const version of missing) {
    console.error(`Skipping live tests: ${explain(version)}`);
  }
}

/**
 * Names the versions that can be tested against: all of them in CI.
 *
 * @returns The versions that are installed, oldest first.
 */
export function versionsThatRun(): readonly MlflowVersion[] {
  return versions.filter((version) => inCi || !missing.has(version));
}

/**
 * Registers a test for each version. One whose MLflow is not installed is skipped, with the reason
 * on stderr; in CI it fails.
 *
 * @param behaviour What must hold, as in any test's name.
 * @param test The test.
 */
export function testEachVersion(
  behaviour: string,
  test: (version: MlflowVersion, context: Deno.TestContext) => Promise<void>,
): void {
  for (const version of versions) {
    Deno.test({
      name: `MLflow ${version.name}: ${behaviour}`,
      ignore: !inCi && missing.has(version),
      fn: (context) => {
        assert(!missing.has(version), explain(version));
        return test(version, context);
      },
    });
  }
}
