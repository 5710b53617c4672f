import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { readSecret, type secretName } from "../../../tasks/_notify/secret.ts";
import { memoryDirectory } from "../../_support/temp_directory.ts";

Deno.test("readSecret() reads a variable or a file, seen from its own directory, without the white space around it", async () => {
  await using directory = await memoryDirectory();
  const places = {
    environment: (name: string) => ({ MLTIDY_A: " abc\n", MLTIDY_B: "" })[name],
    directory: directory.path,
  };
  await Deno.writeTextFile(join(directory.path, "secret"), "def\n");
  assertEquals(readSecret({ env: "MLTIDY_A" }, places), { value: "abc", shown: "$MLTIDY_A" });
  assertEquals(readSecret({ file: "secret" }, places), { value: "def", shown: "[secret]" });
  const why = (secret: Parameters<typeof secretName>[0]) =>
    assertThrows(() => readSecret(secret, places)).message;
  assertEquals(why({ env: "MLTIDY_B" }), "$MLTIDY_B is empty");
  assertEquals(why({ env: "MLTIDY_C" }), "$MLTIDY_C is not set");
  assertEquals(
    why({ file: "gone" }),
    `${join(directory.path, "gone")} cannot be read: no such file`,
  );
});
