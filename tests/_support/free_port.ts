/**
 * Finds a port of this machine that nobody listens at.
 *
 * @returns The port; another may take it meanwhile.
 */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
