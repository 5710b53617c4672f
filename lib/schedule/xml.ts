/** A piece of XML: a text, or elements by their names in order. */
export type XmlContent = string | readonly XmlNode[];

/** An element with what it holds, or a comment. */
export type XmlNode =
  | readonly [name: string, content: XmlContent, attributes?: string]
  | { readonly comment: string };

/**
 * Writes XML, two spaces a level.
 *
 * @param nodes The elements.
 * @param indent What each line begins with.
 * @returns Lines.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(xmlLines([["a", [["b", "1 < 2"]]]]), ["<a>", "  <b>1 &lt; 2</b>", "</a>"]);
 * ```
 */
export function xmlLines(nodes: readonly XmlNode[], indent = ""): readonly string[] {
  return nodes.flatMap((node) => {
    if ("comment" in node) return [`${indent}<!-- ${node.comment} -->`];
    const [name, content, attributes = ""] = node;
    if (content === "") return [`${indent}<${name}${attributes}/>`];
    if (typeof content === "string") {
      return [`${indent}<${name}${attributes}>${escaped(content)}</${name}>`];
    }
    return [
      `${indent}<${name}${attributes}>`,
      ...xmlLines(content, `${indent}  `),
      `${indent}</${name}>`,
    ];
  });
}

/**
 * Puts above an element why it is there.
 *
 * @param why One why, or several, of which each has a line of its own.
 * @param node The element.
 * @returns Comments, and then the element.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(xmlLines(explained("The first", ["a", "1"])), ["<!-- The first -->", "<a>1</a>"]);
 * ```
 */
export function explained(why: string | readonly string[], node: XmlNode): readonly XmlNode[] {
  return [...[why].flat().map((comment) => ({ comment })), node];
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? character);
}
