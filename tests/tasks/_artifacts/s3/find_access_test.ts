import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { BucketError } from "../../../../tasks/_artifacts/s3/bucket_error.ts";
import { findAccess } from "../../../../tasks/_artifacts/s3/find_access.ts";
import { writeFiles } from "../../../_support/disk_store.ts";
import { tempDirectory } from "../../../_support/temp_directory.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
const CREDENTIALS = { accessKeyId: "id", secretAccessKey: "secret" };

function accessBy(variables: Readonly<Record<string, string>>): ReturnType<typeof findAccess> {
  return findAccess((name) => variables[name]);
}

Deno.test("findAccess() takes what variables say", () => {
  assertEquals(accessBy({ ...KEYS, AWS_SESSION_TOKEN: "token" }), {
    credentials: { ...CREDENTIALS, sessionToken: "token" },
    region: "us-east-1",
    endpoint: null,
    addressing: "auto",
    certificates: null,
    ignoresTls: false,
  });
  const own = {
    AWS_ENDPOINT_URL: "https://a.example",
    AWS_ENDPOINT_URL_S3: "https://b.example:9000",
  };
  const endpointBy = (variables: Readonly<Record<string, string>>) =>
    accessBy({ ...KEYS, ...variables }).endpoint?.href ?? null;
  assertEquals(endpointBy(own), "https://b.example:9000/");
  assertEquals(endpointBy({ ...own, MLFLOW_S3_ENDPOINT_URL: "http://c/x" }), "http://c/x");
  assertEquals(endpointBy({ ...own, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" }), null);
  const { region } = accessBy({ ...KEYS, AWS_DEFAULT_REGION: "eu-west-1", AWS_REGION: "" });
  assertEquals(region, "eu-west-1");
});

Deno.test("findAccess() takes a profile of ~/.aws where no variable says by whose name", async () => {
  await using home = await tempDirectory();
  await writeFiles(home.path, {
    ".aws/credentials": [
      "# of last year",
      "[default]",
      "aws_access_key_id=other",
      "aws_secret_access_key = other",
      "[team]",
      "aws_access_key_id = id",
      "aws_secret_access_key = secret",
    ].join("\n"),
    ".aws/config": [
      "[profile team]",
      "region = eu-north-1",
      "services = minio",
      "s3 =",
      "  addressing_style = path",
      "[services minio]",
      "s3 =",
      "  endpoint_url = https://minio.example:9000",
      "[profile login]",
      "sso_session = us",
    ].join("\r\n"),
  });
  const team = accessBy({ HOME: home.path, AWS_PROFILE: "team" });
  assertEquals(team, {
    credentials: CREDENTIALS,
    region: "eu-north-1",
    endpoint: new URL("https://minio.example:9000/"),
    addressing: "path",
    certificates: null,
    ignoresTls: false,
  });
  assertEquals(accessBy({ HOME: home.path }).credentials.accessKeyId, "other");
  assertEquals(accessBy({ ...KEYS, HOME: home.path }).credentials, CREDENTIALS);
  const file = join(home.path, ".aws", "credentials");
  const named = { AWS_SHARED_CREDENTIALS_FILE: file, AWS_PROFILE: "team" };
  assertEquals(accessBy(named).credentials, CREDENTIALS);
  assertThrows(
    () => accessBy({ HOME: home.path, AWS_PROFILE: "login" }),
    BucketError,
    "export-credentials --profile login",
  );
});

Deno.test("findAccess() says what is missing, or makes no sense, and shows no secret", () => {
  const cases: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{}, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"],
    [{ AWS_SECRET_ACCESS_KEY: "s3cr3t" }, "found only one of them"],
    [{ ...KEYS, AWS_REGION: "eu/x@evil" }, "expected a region"],
    [{ ...KEYS, AWS_ENDPOINT_URL: "https://kim:s3cr3t@minio" }, "expected an endpoint"],
    [{ ...KEYS, AWS_ENDPOINT_URL: "ftp://minio" }, "expected an endpoint"],
  ];
  for (const [variables, text] of cases) {
    const { message } = assertThrows(() => accessBy(variables), BucketError, text);
    assertEquals(message.includes("s3cr3t"), false);
  }
});

Deno.test("findAccess() refuses keys that no request can hold, and shows none", () => {
  const sound = { AWS_ACCESS_KEY_ID: "sEcReT1", AWS_SECRET_ACCESS_KEY: "sEcReT2" };
  for (
    const [name, value] of [
      ["AWS_ACCESS_KEY_ID", "sEcReT\n"],
      ["AWS_SECRET_ACCESS_KEY", "sEcReT\r\nx"],
      ["AWS_SESSION_TOKEN", "sEcReT토큰"],
    ] as const
  ) {
    const { message } = assertThrows(() => accessBy({ ...sound, [name]: value }), BucketError);
    assert(message.startsWith(`${name}, or what`) && !message.includes("sEcReT"), message);
  }
});
