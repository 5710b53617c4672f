/// <reference types="./std.d.ts" />
/**
 * The few functions of `@std/path` that this project uses, under its name. Its own front door asks
 * `globalThis.process` for the platform, and to be asked that, Deno loads Node's `process`: as much work as
 * all else at the start of a task. Deno knows its platform itself.
 *
 * @module
 */

import * as posix from "@std/path/posix";
import * as windows from "@std/path/windows";

export const {
  basename,
  dirname,
  fromFileUrl,
  isAbsolute,
  join,
  relative,
  resolve,
  toFileUrl,
}: typeof posix = Deno.build.os === "windows" ? windows : posix;
