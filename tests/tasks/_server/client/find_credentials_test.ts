import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseStoreName, type ServerName } from "../../../../lib/store/store_uri.ts";
import { findCredentials } from "../../../../tasks/_server/client/find_credentials.ts";
import { tempDirectory } from "../../../_support/temp_directory.ts";

const basic = (login: string) => `Basic ${btoa(login)}`;

async function found(
  environment: Record<string, string>,
  { uri = "http://host", file }: { readonly uri?: string; readonly file?: string } = {},
): Promise<string | null> {
  await using home = await tempDirectory();
  if (file !== undefined) {
    await Deno.mkdir(join(home.path, ".mlflow"));
    await Deno.writeTextFile(join(home.path, ".mlflow", "credentials"), file);
  }
  const variables = new Map(Object.entries({ HOME: home.path, ...environment }));
  return findCredentials(parseStoreName(uri) as ServerName, (name) => variables.get(name));
}

const USER = "MLFLOW_TRACKING_USERNAME";
const PASSWORD = "MLFLOW_TRACKING_PASSWORD";
const TOKEN = "MLFLOW_TRACKING_TOKEN";

Deno.test("user and password come before a token, and those of the URI before all", async () => {
  const all = { [USER]: "kim", [PASSWORD]: "a:b", [TOKEN]: "t" };
  assertEquals(await found({}), null);
  assertEquals(await found({ [TOKEN]: "t" }), "Bearer t");
  assertEquals(await found({ [USER]: "kim", [TOKEN]: "t" }), "Bearer t");
  assertEquals(await found(all), basic("kim:a:b"));
  assertEquals(await found(all, { uri: "http://lee:p%40x@host" }), basic("lee:p@x"));
});

Deno.test("what the environment leaves out comes from the file of MLflow's, each by itself", async () => {
  const file = [
    "[other]",
    "mlflow_tracking_username = nobody",
    "# a comment",
    "[mlflow]",
    "MLFLOW_TRACKING_USERNAME: kim",
    "mlflow_tracking_password = 50%% = half",
  ].join("\n");
  assertEquals(await found({}, { file }), basic("kim:50% = half"));
  assertEquals(await found({ [USER]: "lee" }, { file }), basic("lee:50% = half"));
  assertEquals(await found({ [TOKEN]: "t" }, { file }), basic("kim:50% = half"));
});

Deno.test("names beyond ASCII are written as UTF-8", async () => {
  const header = await found({ [USER]: "kím", [PASSWORD]: "pässword" });
  const bytes = Uint8Array.fromBase64(header!.slice("Basic ".length));
  assertEquals(new TextDecoder().decode(bytes), "kím:pässword");
});
