/**
 * Where a reading of YAML has come to: letters, lines and columns as libyaml counts them.
 *
 * @module
 */

/** Text that PyYAML would not read as one mapping; says where. */
export class MetaYamlError extends SyntaxError {
  /** The name of the class. */
  override readonly name = "MetaYamlError";
  /** 1-based line. */
  readonly line: number;
  /** 1-based column. */
  readonly column: number;

  /**
   * Makes the error.
   *
   * @param reason What is wrong there.
   * @param line 1-based line.
   * @param column 1-based column.
   */
  constructor(reason: string, line: number, column: number) {
    super(`Cannot read YAML at line ${line}, column ${column}: ${reason}`);
    this.line = line;
    this.column = column;
  }
}

/** A place in a text; all count from 0. */
export interface Mark {
  readonly index: number;
  readonly line: number;
  readonly column: number;
}

/** What PyYAML's reader refuses anywhere in a file. */
const REFUSED = /[^\t\n\r\x20-\x7E\x85\xA0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** Letters, one after the other; `""` behind the last. */
export class YamlReader {
  readonly #letters: readonly string[];
  #index = 0;
  #line = 0;
  #column = 0;

  /**
   * Starts at the first letter behind a byte order mark.
   *
   * @param text The text.
   * @throws {MetaYamlError} When it has a character that PyYAML refuses.
   */
  constructor(text: string) {
    this.#letters = [...text.replace(/^\uFEFF/, "")];
    const refused = REFUSED.test(text) ? this.#letters.findIndex((one) => REFUSED.test(one)) : -1;
    if (refused < 0) return;
    while (this.#index < refused) this.next();
    const code = this.at().codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    this.fail(`character U+${code} is not allowed in YAML`);
  }

  /** The place. */
  get mark(): Mark {
    return { index: this.#index, line: this.#line, column: this.#column };
  }

  /** Letters since the line began. */
  get column(): number {
    return this.#column;
  }

  /**
   * Looks at a letter.
   *
   * @param ahead How many letters further on.
   * @returns The letter; `""` behind the end.
   */
  at(ahead = 0): string {
    return this.#letters[this.#index + ahead] ?? "";
  }

  /**
   * Tells whether a letter is one of some.
   *
   * @param letters The letters.
   * @param ahead How many letters further on.
   * @returns Whether it is; what is behind the end is none.
   */
  isOneOf(letters: string, ahead = 0): boolean {
    const letter = this.at(ahead);
    return letter !== "" && letters.includes(letter);
  }

  /**
   * Tells whether a line breaks at a letter, as YAML 1.1 has it.
   *
   * @param ahead How many letters further on.
   * @returns Whether it does.
   */
  isBreak(ahead = 0): boolean {
    return this.isOneOf("\r\n\x85\u2028\u2029", ahead);
  }

  /**
   * Tells whether a letter is a space or a tab.
   *
   * @param ahead How many letters further on.
   * @returns Whether it is.
   */
  isBlank(ahead = 0): boolean {
    return this.isOneOf(" \t", ahead);
  }

  /**
   * Tells whether a word ends at a letter.
   *
   * @param ahead How many letters further on.
   * @returns Whether it is blank, a break or the end.
   */
  isGap(ahead = 0): boolean {
    return this.at(ahead) === "" || this.isBlank(ahead) || this.isBreak(ahead);
  }

  /**
   * Tells whether a line begins here that starts or ends a document.
   *
   * @param word Which of the two.
   * @returns Whether it does.
   */
  isDocumentMark(word: "---" | "..."): boolean {
    return this.#column === 0 && this.at() + this.at(1) + this.at(2) === word && this.isGap(3);
  }

  /**
   * Takes a letter.
   *
   * @returns The letter.
   */
  next(): string {
    if (this.isBreak()) return this.nextBreak();
    this.#column++;
    return this.#letters[this.#index++] ?? "";
  }

  /**
   * Takes the break of a line.
   *
   * @returns A line feed, or the separator that YAML 1.1 keeps; `""` where no line breaks.
   */
  nextBreak(): string {
    if (!this.isBreak()) return "";
    const letter = this.at();
    this.#index += letter === "\r" && this.at(1) === "\n" ? 2 : 1;
    this.#line++;
    this.#column = 0;
    return letter === "\u2028" || letter === "\u2029" ? letter : "\n";
  }

  /** Passes over the rest of the line. */
  skipLine(): void {
    while (this.at() !== "" && !this.isBreak()) this.next();
  }

  /**
   * Gives up.
   *
   * @param reason What is wrong.
   * @param mark Where; here when it is left out.
   * @throws {MetaYamlError} Always.
   */
  fail(reason: string, mark: Mark = this.mark): never {
    throw new MetaYamlError(reason, mark.line + 1, mark.column + 1);
  }
}
