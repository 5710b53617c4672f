/** A text that stands in a file of YAML as it is. */
export function yamlText(text: string): string {
  // What JSON writes YAML reads, but for what it takes for the end of a line.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A list of texts, one a line. */
export function yamlList(texts: readonly string[], indent: string): readonly string[] {
  return texts.map((text) => `${indent}- ${yamlText(text)}`);
}
