/**
 * The small stores of `tests/testdata/`, which real MLflow wrote. Each is kept as one JSON file,
 * because git does not keep the empty directories that MLflow cannot do without:
 *
 * ```json
 * { "0/meta.yaml": "artifact_location: …", "0/tags/": null }
 * ```
 *
 * maps the path of each file to its text, and of each empty directory, which ends in `/`, to `null`.
 *
 * @module
 */

import { dirname, fromFileUrl, join } from "@std/path";
import { memoryDirectory } from "./temp_directory.ts";
import { readTree } from "./tree.ts";

/** The stores there are, named after the version of MLflow that wrote them. */
export type TestdataName = "mlflow-2.22" | "mlflow-3.17";

/** A store in a temporary directory of its own, which goes when the scope ends. */
export interface UnpackedStore extends AsyncDisposable {
  /** Absolute path of the store's root, `…/mlruns`. */
  readonly path: string;
}

/**
 * Lays out one of the stores on the disk. Its URIs still name the place where MLflow wrote it, as
 * those of any copied store do; its file times are those of the moment.
 *
 * @param name Which one.
 * @returns The store, to be bound by `await using`.
 */
export async function unpackStore(name: TestdataName): Promise<UnpackedStore> {
  const packed: Record<string, string | null> = JSON.parse(
    await Deno.readTextFile(pathOfTestdata(name)),
  );
  const directory = await memoryDirectory();
  const root = join(directory.path, "mlruns");
  for (const [path, text] of Object.entries(packed)) {
    const place = join(root, path);
    await Deno.mkdir(text === null ? place : dirname(place), { recursive: true });
    if (text !== null) await Deno.writeTextFile(place, text);
  }
  return {
    path: root,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/**
 * Turns a store on the disk into the text that {@linkcode unpackStore} reads.
 *
 * @param root The store's root.
 * @returns JSON, ordered by path.
 * @throws {TypeError} When the store holds a link, or a file that is no UTF-8 text.
 */
export async function packStore(root: string): Promise<string> {
  const tree = await readTree(root);
  const paths = [...tree.keys()];
  const packed: Record<string, string | null> = {};
  for (const [path, entry] of tree) {
    if (entry.kind === "link") throw new TypeError(`Cannot pack "${path}": it is a link`);
    if (entry.kind === "file") packed[path] = await readText(join(root, path));
    else if (!paths.some((other) => other.startsWith(`${path}/`))) packed[`${path}/`] = null;
  }
  return JSON.stringify(packed, null, 2) + "\n";
}

/**
 * Where a store is kept.
 *
 * @param name For example `mlflow-3.17`.
 * @returns The path of its JSON file.
 */
export function pathOfTestdata(name: string): string {
  return fromFileUrl(new URL(`../testdata/${name}.json`, import.meta.url));
}

async function readText(path: string): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return decoder.decode(await Deno.readFile(path));
}
