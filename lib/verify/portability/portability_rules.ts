/**
 * What other machines, and archives, cannot hold of a store: one row per rule, in {@linkcode PORTABILITY_RULES}.
 *
 * @module
 */

import { utf8Length } from "../../text/utf8.ts";
import type { Severity } from "../rule.ts";

/** Where a store is to be copied to: a machine with the usual settings of its system, or an archive. */
export type Host = "windows" | "macos" | "archive";

/** All of them. */
export const HOSTS = ["windows", "macos", "archive"] as const;

/** Something in a store. */
export interface Entry {
  /** Where it is, below the store's root. */
  readonly path: string;
  /** What it is; `unreadable`: it cannot be looked at. */
  readonly kind: "directory" | "file" | "link" | "special" | "unreadable";
}

/** What a name is there, and why. */
export interface Unportable {
  /** What is wrong. */
  readonly message: string;
  /** A name that is not: what to do is to rename it; `null` where it is something else that helps. */
  readonly instead: string | null;
}

/** One thing that a host cannot hold. */
export interface PortabilityRule {
  /** Stable, in kebab case. */
  readonly id: string;
  /** How bad it is. */
  readonly severity: Severity;
  /** Which hosts cannot. */
  readonly hosts: readonly Host[];
  /** What happens there. */
  readonly describes: string;
  /** What to do where a name is not enough, in the imperative. */
  readonly otherwise: string | null;
  /** Looks at an entry by itself. */
  readonly check: (entry: Entry, host: Host) => Unportable | null;
}

/** Every rule about a single entry. */
export const PORTABILITY_RULES: readonly PortabilityRule[] = [
  {
    id: "name-with-reserved-letter",
    severity: "error",
    hosts: ["windows"],
    describes: "Windows makes no file with it, or cuts the name there",
    otherwise: null,
    check: ({ path }) => {
      const name = nameIn(path);
      const found = RESERVED.exec(name);
      return found && {
        message: `Its name has ${JSON.stringify(found[0])}`,
        instead: name.replaceAll(ALL_RESERVED, "_"),
      };
    },
  },
  {
    id: "name-of-device",
    severity: "error",
    hosts: ["windows"],
    describes: "Windows opens the device in its place",
    otherwise: null,
    check: ({ path }) => {
      const name = nameIn(path);
      const [, device, rest = ""] = DEVICE.exec(name) ?? [];
      return device === undefined
        ? null
        : { message: `Its name is that of a device, ${device}`, instead: `${device}_${rest}` };
    },
  },
  {
    id: "name-ends-in-dot-or-space",
    severity: "error",
    hosts: ["windows"],
    describes: "Windows leaves that out, and does not find the file again",
    otherwise: null,
    check: ({ path }) => {
      const name = nameIn(path);
      const last = name.at(-1);
      if (last !== "." && last !== " ") return null;
      const bare = name.replace(/[. ]+$/, "");
      return {
        message: `Its name ends in a ${last === "." ? "dot" : "space"}`,
        instead: `${bare}_`,
      };
    },
  },
  {
    id: "name-with-backslash",
    severity: "error",
    hosts: ["archive"],
    describes: "what unpacks a zip takes it for a directory and what lies in it",
    otherwise: null,
    check: ({ path }) => {
      const name = nameIn(path);
      return name.includes("\\")
        ? { message: "Its name has a backslash", instead: name.replaceAll("\\", "_") }
        : null;
    },
  },
  {
    id: "name-not-text",
    severity: "error",
    hosts: HOSTS,
    describes: "neither Windows nor macOS has such names, and a zip says none",
    otherwise: "Give it a name in UTF-8 before the store is copied",
    check: ({ path, kind }) =>
      kind === "unreadable" && nameIn(path).includes("\uFFFD")
        ? { message: "Its name is not valid UTF-8", instead: null }
        : null,
  },
  {
    id: "name-too-long",
    severity: "error",
    hosts: ["windows", "macos"],
    describes: "no name is longer there than 255",
    otherwise: "Give it a shorter name before the store is copied",
    check: ({ path }, host) => {
      const name = nameIn(path);
      const length = host === "windows" ? name.length : utf8Length(name);
      return length > 255
        ? {
          message: `Its name has ${length} ${host === "windows" ? "letters" : "bytes"}`,
          instead: null,
        }
        : null;
    },
  },
  {
    id: "path-too-long",
    severity: "error",
    hosts: ["windows", "macos"],
    describes: "it opens no longer path, Windows unless long paths are switched on",
    otherwise:
      "Give it, or a directory around it, a shorter name before the store is copied, or switch on long paths of Windows",
    check: ({ path }, host) => {
      const length = lengthAt(path, host);
      // What lies in it is too long as well.
      const around = path.slice(0, Math.max(0, path.lastIndexOf("/")));
      const { most, unit, at } = PATHS[host];
      return length > most && lengthAt(around, host) <= most
        ? { message: `Its path has ${length} ${unit} below ${at}, of ${most}`, instead: null }
        : null;
    },
  },
  {
    id: "path-too-long-for-ustar",
    severity: "info",
    hosts: ["archive"],
    describes: "the oldest format of tar holds no longer path, zip and any newer one do",
    otherwise: "Pack it in a newer format of tar, such as posix, or as a zip",
    check: ({ path }) => {
      const length = utf8Length(path);
      return length > 255
        ? { message: `Its path has ${length} bytes, of 255`, instead: null }
        : null;
    },
  },
  {
    id: "symbolic-link",
    severity: "warning",
    hosts: ["windows", "archive"],
    describes:
      "Windows makes none without special rights, and a zip holds what it leads to, or a file that names that",
    otherwise: "Put what it leads to in its place, or leave it out of the copy",
    check: ({ kind }) =>
      kind === "link" ? { message: "It is a symbolic link", instead: null } : null,
  },
];

// deno-lint-ignore no-control-regex -- what Windows takes in no name
const RESERVED = /[<>:"\\|?*\u0000-\u001f]/;
const ALL_RESERVED = new RegExp(RESERVED, "g");
const DEVICE = /^(CONIN\$|CONOUT\$|CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])( *(?:\..*)?)$/is;

/** Where the store is supposed to lie there, and how long a path may be. */
const PATHS = {
  windows: { at: "C:\\mlruns", most: 259, unit: "letters" },
  macos: { at: "/Users/me/mlruns", most: 1023, unit: "bytes" },
  // Nothing is asked of it.
  archive: { at: "", most: Infinity, unit: "bytes" },
} as const;

function lengthAt(path: string, host: Host): number {
  const whole = `${PATHS[host].at}/${path}`;
  return host === "windows" ? whole.length : utf8Length(whole);
}

/**
 * Gives the last name of a path.
 *
 * @param path The path.
 * @returns What stands behind its last slash.
 */
export function nameIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
