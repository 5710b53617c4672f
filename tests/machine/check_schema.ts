import { Ajv } from "npm:ajv@8.17.1";
import { parse } from "@std/yaml";

/**
 * Holds documents of YAML against a schema.
 *
 * @param schema The JSON Schema.
 * @returns Gives what is wrong with a document.
 */
export function checker(schema: object): (text: string) => readonly string[] {
  const validate = new Ajv({ strict: false, allErrors: true, logger: false }).compile(schema);
  return (text) =>
    validate(parse(text))
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
