/**
 * Who may ask: the one place that refuses a request before anything is done for it.
 *
 * A page anywhere can have the reader's browser send requests to this machine. So a request must name this
 * machine as its host (a name that somebody else's server resolves to 127.0.0.1 is none), come from the page itself,
 * and prove by a token that it does. There is no cookie: ports of one machine share them.
 *
 * @module
 */

import type { Refusal } from "./messages.ts";
import type { WebRequest } from "./serving/serve_requests.ts";

/** A request that is not carried out. */
export interface Refused {
  /** Status of HTTP. */
  readonly status: number;
  /** What the answer says. */
  readonly refusal: Refusal;
}

/** What the server goes by. */
export interface GuardOptions {
  /** The token that every request of the page carries. */
  readonly token: string;
  /** Names of hosts by which it may be asked for besides this machine's own, such as that of a proxy. */
  readonly allowHosts: readonly string[];
}

/** The most bytes of a body. */
export const MOST_BODY: number = 64 * 1024;

/** Where the requests go that see or change something of the store. */
export const API = "/api/";

/**
 * Decides whether a request may be carried out.
 *
 * @param request The request; its address is not looked at but for its path, since anybody may put any host there.
 * @param options What the server goes by.
 * @returns Why not; `null` where it may.
 */
export function refuse(request: WebRequest, options: GuardOptions): Refused | null {
  const { headers, method } = request;
  const host = headers.get("host");
  if (host === null || !isOwnHost(host, options.allowHosts)) {
    return refused(
      421,
      "wrong-host",
      `this server does not answer for host ${
        JSON.stringify(host)
      }: open the address that the task printed, or name the host with --allow-host`,
    );
  }
  const url = URL.parse(request.url);
  if (url === null) return refused(400, "bad-request", "the address that was asked for is none");
  const { pathname } = url;
  const isApi = pathname.startsWith(API);
  if (!isFromHere(headers, isApi ? "request" : pathname === "/" ? "page" : "asset")) {
    return refused(403, "foreign", "another page, or a frame, has sent this request");
  }
  const origin = headers.get("origin");
  if (origin !== null && !isOwnOrigin(origin, host, options.allowHosts)) {
    return refused(403, "foreign", `origin ${JSON.stringify(origin)} is not this page's`);
  }
  if (!isApi) {
    return method === "GET" || method === "HEAD"
      ? null
      : refused(405, "bad-request", `there is nothing to ${method} here`);
  }
  const [, given = ""] = /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
  if (!isSame(given, options.token)) {
    return refused(
      401,
      "unauthorized",
      "the token is missing or wrong: open the address that the task printed, with all that stands behind its #",
    );
  }
  return method === "POST" ? refuseBody(headers) : null;
}

function refuseBody(headers: Headers): Refused | null {
  const type = headers.get("content-type") ?? "";
  if (!/^application\/json(?:; *charset=utf-8)?$/i.test(type)) {
    return refused(415, "not-json", "expected a body of application/json");
  }
  return Number(headers.get("content-length") ?? 0) > MOST_BODY ? TOO_LARGE : null;
}

/**
 * Refuses a request.
 *
 * @param status Status of HTTP.
 * @param error The word for the page.
 * @param message The same for people.
 * @returns The refusal.
 */
export function refused(status: number, error: Refusal["error"], message: string): Refused {
  return { status, refusal: { error, message } };
}

/**
 * Tells a refusal from what was asked for.
 *
 * @param value What came of asking.
 * @returns Whether it was refused.
 */
export function isRefused(value: object): value is Refused {
  return "refusal" in value;
}

/** What is said of a body that is too large. */
export const TOO_LARGE: Refused = refused(
  413,
  "too-large",
  `expected a body of at most ${MOST_BODY} bytes`,
);

/** With any port, since a tunnel has one of its own. */
const OWN_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

function isOwnHost(host: string, allowHosts: readonly string[]): boolean {
  return OWN_HOST.test(host) || isAllowed(host, allowHosts);
}

function isAllowed(host: string, allowHosts: readonly string[]): boolean {
  const name = host.replace(/:\d{1,5}$/, "").toLowerCase();
  return allowHosts.some((allowed) => [name, host.toLowerCase()].includes(allowed.toLowerCase()));
}

/** What is in front of the server may speak https only where somebody has named its host. */
function isOwnOrigin(origin: string, host: string, allowHosts: readonly string[]): boolean {
  const name = host.toLowerCase();
  return origin === `http://${name}` || isAllowed(host, allowHosts) && origin === `https://${name}`;
}

/** The page itself holds nothing of the store, so that a link may lead to it, but no frame may have it. */
function isFromHere(headers: Headers, what: "page" | "asset" | "request"): boolean {
  const site = headers.get("sec-fetch-site");
  if (site === null || site === "same-origin") return true;
  if (what === "request") return false;
  if (what === "asset") return site === "none";
  return headers.get("sec-fetch-dest") === "document";
}

/** Takes as long for a wrong token as for the right one, wherever it differs. */
function isSame(given: string, token: string): boolean {
  const [left, right] = [given, token].map((text) => new TextEncoder().encode(text));
  let differs = left!.length ^ right!.length;
  for (let index = 0; index < right!.length; index++) {
    differs |= (left![index] ?? 0) ^ right![index]!;
  }
  return differs === 0;
}
