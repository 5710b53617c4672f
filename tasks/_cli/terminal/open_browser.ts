/** How a browser can be opened. */
export interface BrowserOpening {
  /** The program that opens one. */
  readonly program: string;
  /** Opens an address in it; `null` where this process may not start that program. */
  readonly start: ((url: string) => void) | null;
}

/** What opens an address, and how it is called. */
const PROGRAMS: { readonly [K in typeof Deno.build.os]?: readonly [string, ...string[]] } = {
  darwin: ["open"],
  windows: ["rundll32", "url.dll,FileProtocolHandler"],
};

/**
 * Finds out how a browser can be opened. Whoever else has an account on this machine may see the address while the
 * program starts, in the list of processes.
 *
 * @returns How; needs permission to run that program.
 */
export function openingBrowser(): BrowserOpening {
  const [program, ...words] = PROGRAMS[Deno.build.os] ?? ["xdg-open"];
  const { state } = Deno.permissions.querySync({ name: "run", command: program });
  return {
    program,
    start: state !== "granted" ? null : (url) => {
      const stdio = { stdin: "null", stdout: "null", stderr: "null" } as const;
      new Deno.Command(program, { args: [...words, url], ...stdio }).spawn().unref();
    },
  };
}
