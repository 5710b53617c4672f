import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { commandOf, PROJECT } from "./command.ts";

function testsIn(folder: string): readonly string[] {
  return [...Deno.readDirSync(join(PROJECT, folder))].flatMap(({ name, isDirectory }) =>
    isDirectory ? testsIn(`${folder}/${name}`) : `${folder}/${name}`
  ).filter((path) => path.endsWith("_test.ts"));
}

Deno.test("test:long runs every test that takes more when there is time", () => {
  const deep = ["tests/readme_test.ts", ...testsIn("tests/lib"), ...testsIn("tests/tasks")]
    .filter((path) => /\/_support\/depth\.ts"/.test(Deno.readTextFileSync(join(PROJECT, path))));
  assertEquals(commandOf("test:long").filter((word) => word.endsWith("_test.ts")), deep.sort());
});
