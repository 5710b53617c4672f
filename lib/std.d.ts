// What this project uses of the standard library, declared by hand because the npm republication
// ships no types. Under jsr:@std/… the packages bring their own and this file is not needed.

declare module "@std/yaml" {
  export interface ParseOptions {
    schema?: "core" | "default" | "failsafe" | "json" | "extended";
    allowDuplicateKeys?: boolean;
  }
  export function parse(content: string, options?: ParseOptions): unknown;
  export class YamlSyntaxError extends SyntaxError {
    readonly line: number;
    readonly column: number;
    readonly offset: number;
  }
}
