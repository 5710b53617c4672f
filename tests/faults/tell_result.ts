// deno-lint-ignore-file no-console -- a campaign reports on the terminal.

/** What came of a campaign of injections. */
export interface CampaignResult {
  readonly injected: number;
  /** Those that the program took another course before. */
  readonly missed: number;
  /** Injections after which something was wrong, and cases in which it was without any. */
  readonly failed: number;
  readonly seconds: number;
}

/** A campaign that rarely gets to the calls that it means proves little: so many for each that it gets to. */
const MOST_MISSED = 0.1;

/**
 * Tells what came of a campaign, in its last line as `deno test` does.
 *
 * @param result What came of it.
 * @returns Whether it proves what it is to prove.
 */
export function tellResult({ injected, missed, failed, seconds }: CampaignResult): boolean {
  const passed = Math.max(0, injected - failed);
  const good = failed === 0 && injected > 0 && missed <= injected * MOST_MISSED;
  console.log(
    `injected: ${injected}, survived: ${passed}` +
      (missed > 0 ? `, not reached: ${missed}` : "") +
      ` (${seconds.toFixed(0)} s, ${(injected / seconds).toFixed(1)} a second)`,
  );
  console.log(`${good ? "ok" : "FAILED"} | ${passed} passed | ${failed} failed`);
  return good;
}
