/**
 * Finds a port of this machine that nobody listens at.
 *
 * @returns The port; another may take it meanwhile.
 */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

const ATTEMPTS = 5;

/**
 * Starts what listens at a port that it is told, at another one where it fails: its own may have been taken.
 *
 * @param start Starts it.
 * @returns What that gives.
 * @throws What it throws at last.
 */
export async function atFreePort<Started>(
  start: (port: number) => Promise<Started>,
): Promise<Started> {
  for (let attempt = 1;; attempt++) {
    try {
      return await start(freePort());
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
