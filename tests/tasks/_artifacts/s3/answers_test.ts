import { assertEquals, assertThrows } from "@std/assert";
import { readCopied, readPage } from "../../../../tasks/_artifacts/s3/answers.ts";
import { BucketError } from "../../../../tasks/_artifacts/s3/bucket_error.ts";

const OBJECT = `<Contents><Key>1/a+%2B+%28b%29/%ED%95%9C</Key><Size>3</Size>
  <ETag>&quot;0cc1&quot;</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified>
  <StorageClass>STANDARD_IA</StorageClass></Contents>`;

function pageOf(inner: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
    <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</ListBucketResult>`;
}

Deno.test("readPage() reads objects, what they are grouped by, and what to go on with", () => {
  const page = readPage(pageOf(
    `<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
    <NextContinuationToken>a&amp;b</NextContinuationToken>${OBJECT}
    <CommonPrefixes><Prefix>1/2%7E/</Prefix></CommonPrefixes>`,
  ));
  assertEquals(page, {
    objects: [{
      key: "1/a + (b)/한",
      size: 3,
      etag: "0cc1",
      modified: Date.UTC(2026, 0, 2, 3, 4, 5),
      storageClass: "STANDARD_IA",
    }],
    prefixes: ["1/2~/"],
    next: "a&b",
  });
});

Deno.test("readPage() decodes nothing of a server that says nothing of an encoding", () => {
  const { objects, next } = readPage(pageOf(OBJECT));
  assertEquals(objects[0]!.key, "1/a+%2B+%28b%29/%ED%95%9C");
  assertEquals(next, null);
});

Deno.test("what is no answer of S3, or half of one, is refused", () => {
  const strange = [
    ...["", "<html><body>Log in</html>", "{}", "<ListBucketResult>", "<Other/>"],
    pageOf("<IsTruncated>true</IsTruncated>"),
    pageOf(OBJECT.replace("<Size>3</Size>", "")),
    pageOf(OBJECT.replace("<Size>3</Size>", "<Size>-1</Size>")),
    pageOf(OBJECT.replace(/<ETag>.*<\/ETag>/, "")),
    pageOf(OBJECT.replace(/<LastModified>.*<\/LastModified>/, "")),
    pageOf(`<EncodingType>url</EncodingType>${OBJECT.replace("%2B", "%ff")}`),
    '<!DOCTYPE a [<!ENTITY x "y">]><ListBucketResult><Prefix>&x;</Prefix></ListBucketResult>',
  ];
  for (const text of strange) assertThrows(() => readPage(text), BucketError);
  assertThrows(() => readCopied("<CopyObjectResult/>", "CopyObjectResult"), BucketError);
});
