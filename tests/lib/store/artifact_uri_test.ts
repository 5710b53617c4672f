import { assertEquals } from "@std/assert";
import {
  appendToUri,
  isPlainKey,
  parseModelUri,
  parseS3Uri,
  remoteScheme,
  s3PlaceOf,
  uriSegments,
} from "../../../lib/store/artifact_uri.ts";

function segmentsOf(uris: Readonly<Record<string, readonly string[]>>): void {
  const found = Object.keys(uris).map((uri) => [uri, uriSegments(uri)]);
  assertEquals(Object.fromEntries(found), uris);
}

Deno.test("uriSegments() finds the names along a path, whatever the scheme", () => {
  segmentsOf({
    "file:///data/mlruns/1/abc/artifacts": ["data", "mlruns", "1", "abc", "artifacts"],
    "/data/mlruns/1": ["data", "mlruns", "1"],
    "./mlruns/0/abc/artifacts": [".", "mlruns", "0", "abc", "artifacts"],
    "runs:/abc/model": ["abc", "model"],
    "mlflow-artifacts:/1/abc/artifacts": ["1", "abc", "artifacts"],
    "s3://bucket/abc/": ["bucket", "abc"],
    "wasbs://box@account.blob.core/abc": ["box@account.blob.core", "abc"],
    "file://host/share/abc": ["host", "share", "abc"],
    "models:/churn/3": ["churn", "3"],
  });
});

Deno.test("uriSegments() takes Windows' separators for separators", () => {
  segmentsOf({
    "C:\\data\\mlruns\\1": ["data", "mlruns", "1"],
    "file:///C:/data/1": ["C:", "data", "1"],
  });
});

Deno.test("uriSegments() leaves query and fragment out", () => {
  segmentsOf({
    "s3://bucket/abc/artifacts?version=2": ["bucket", "abc", "artifacts"],
    "s3://bucket/abc#part/2": ["bucket", "abc"],
  });
});

Deno.test("uriSegments() decodes each name by itself, and leaves what is not encoded well", () => {
  segmentsOf({
    "runs:/abc/my%20model": ["abc", "my model"],
    "file:///data/%ED%95%9C%EA%B8%80/100%/abc": ["data", "한글", "100%", "abc"],
    "file:///a%2Fb/c": ["a/b", "c"],
  });
});

Deno.test("uriSegments() finds nothing where there is no name", () => {
  segmentsOf({ "": [], "/": [], "file:///": [], "?query": [] });
});

Deno.test("parseModelUri() tells a version, an alias and a logged model apart", () => {
  const uris = ["models:/churn/3", "models:/churn@best", "models:/m-0a1b", "models:/a@b@c"];
  assertEquals(uris.map(parseModelUri), [
    { kind: "version", name: "churn", version: "3" },
    { kind: "alias", name: "churn", alias: "best" },
    { kind: "logged-model", id: "m-0a1b" },
    { kind: "alias", name: "a@b", alias: "c" },
  ]);
});

Deno.test("parseModelUri() decodes names", () => {
  assertEquals(parseModelUri("models:/%EC%88%98%EC%9A%94%20%EC%98%88%EC%B8%A1/2"), {
    kind: "version",
    name: "수요 예측",
    version: "2",
  });
});

Deno.test("parseModelUri() knows that other URIs name no model", () => {
  assertEquals(
    ["runs:/abc/model", "s3://models/churn/3", "/models:/churn/3", ""].map(parseModelUri),
    [
      null,
      null,
      null,
      null,
    ],
  );
});

Deno.test("appendToUri() goes before a query, and takes paths as they are", () => {
  assertEquals(
    ["s3://b/x?y=z", "s3://b/x/", "file:///a%20b", "/a b?c", "mlflow-artifacts:/7"]
      .map((uri) => appendToUri(uri, "4fe", "artifacts")),
    [
      "s3://b/x/4fe/artifacts?y=z",
      "s3://b/x/4fe/artifacts",
      "file:///a%20b/4fe/artifacts",
      "/a b?c/4fe/artifacts",
      "mlflow-artifacts:/7/4fe/artifacts",
    ],
  );
});

Deno.test("parseS3Uri() takes everything behind the bucket for a key, and decodes nothing", () => {
  assertEquals(parseS3Uri("s3://models/a%20b + (1)/한글"), {
    bucket: "models",
    key: "a%20b + (1)/한글",
  });
  assertEquals(parseS3Uri("S3://models//"), null);
  assertEquals(parseS3Uri("s3://models/"), { bucket: "models", key: "" });
});

Deno.test("parseS3Uri() knows no place that MLflow or a URL would take for another one", () => {
  const others = [
    ...[
      "s3://models/a//b",
      "s3://models//a",
      "s3://models/../a",
      "s3://models/a/..",
      "s3://models/.",
    ],
    ...["s3://models/a?x=1", "s3://models/a#b", "s3://models/a\nb", "s3://kim:secret@models/a"],
    ...["s3://arn:aws:s3:eu-west-1:1:accesspoint/x", "s3:///a", "s3://", "s3:/models/a"],
    ...["gs://models/a", "s3a://models/a", "/models/a", "models", ""],
  ];
  assertEquals(others.map(parseS3Uri), others.map(() => null));
});

Deno.test("s3PlaceOf() writes each place in one form", () => {
  assertEquals(s3PlaceOf("S3://models/a/b/"), "s3://models/a/b");
  assertEquals(s3PlaceOf("s3://models"), "s3://models");
  assertEquals(s3PlaceOf("file:///models"), null);
});

Deno.test("isPlainKey() refuses the keys that a URL or XML changes", () => {
  const sound = ["a", "a//b", "a/", "a?b#c", "a/.../b", "a/..b", "+ ' ( ) * ~ !", "한글"];
  const unsound = ["..", "a/../b", "./a", "a/.", "a\u0001b", "a\nb", "\ud800"];
  assertEquals(sound.filter((key) => !isPlainKey(key)), []);
  assertEquals(unsound.filter(isPlainKey), []);
});

Deno.test("remoteScheme() tells what is on no machine's disk", () => {
  const schemes = (uris: readonly string[]) => uris.map(remoteScheme);
  assertEquals(
    schemes(["gs://b/1", "wasbs://box@account/1", "dbfs:/x", "mlflow-artifacts:/1", "HDFS://h/1"]),
    ["gs", "wasbs", "dbfs", "mlflow-artifacts", "hdfs"],
  );
  assertEquals(schemes(["/a", "file:///a", "C:\\a", "./a", ""]), [null, null, null, null, null]);
});
