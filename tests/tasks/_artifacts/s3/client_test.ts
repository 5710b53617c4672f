import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { listObjects } from "../../../../tasks/_artifacts/s3/bucket.ts";
import { BucketError } from "../../../../tasks/_artifacts/s3/bucket_error.ts";
import { openBucket } from "../../../../tasks/_artifacts/s3/client.ts";
import { serverDouble } from "../../../_support/server_double.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };
const NOTHING = `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>
  <KeyCount>0</KeyCount></ListBucketResult>`;

Deno.test("a bucket is asked by a certificate that is vouched for by who is named, and by no other one", async () => {
  const place = (name: string) =>
    fromFileUrl(new URL(`../../../testdata/tls/${name}`, import.meta.url));
  const tell = (name: string) => Deno.readTextFileSync(place(name));
  const trust = { AWS_CA_BUNDLE: place("authority.pem") };
  const cases: readonly (readonly [string, Record<string, string>, RegExp | null])[] = [
    ["server", trust, null],
    ["server", {}, /certificate.*name it in AWS_CA_BUNDLE/],
    [
      "server",
      { MLFLOW_S3_IGNORE_TLS: "true" },
      /add --unsafely-ignore-certificate-errors=127\.0\.0\.1 to/,
    ],
    ["expired", trust, /certificate/],
  ];
  for (const [name, settings, says] of cases) {
    const tls = { cert: tell(`${name}.pem`), key: tell(`${name}.key`) };
    await using server = serverDouble(
      () => new Response(NOTHING, { headers: { "Content-Type": "application/xml" } }),
      tls,
    );
    const variables: Record<string, string> = {
      ...KEYS,
      ...settings,
      MLFLOW_S3_ENDPOINT_URL: server.uri,
    };
    const client = openBucket("s3://bucket", (variable) => variables[variable]);
    const listed = listObjects(client, "");
    if (says === null) assertEquals((await listed).size, 0);
    else assertMatch((await assertRejects(() => listed, BucketError)).message, says);
  }
});
