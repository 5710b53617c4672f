import { assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import {
  fileUri,
  formerPlaces,
  localPathOf,
  parseLocalPlace,
  relativePathOf,
  renameUri,
} from "../../../lib/records/relocate_uri.ts";

const ROOT = "/new/mlruns";
const OWN = "1/ab/artifacts";
const own = (uri: string) => formerPlaces(uri, { root: ROOT, own: OWN, from: null });
const below = (from: string, uri: string) => formerPlaces(uri, { root: ROOT, own: null, from });

Deno.test("parseLocalPlace() reads every way in which a record names a place on some machine", () => {
  const paths = {
    "file:///data/my%20runs/1": "/data/my runs/1",
    "file:/data/1": "/data/1",
    "file://localhost/data/1/": "/data/1",
    "FILE:///data/1": "/data/1",
    "/data/1//": "/data/1",
    "/data/100%/1": "/data/100%/1",
    "file:///C:/Users/%EB%AF%BC/1": "C:/Users/민/1",
    "file:C:/Users/1": "C:/Users/1",
    "file://c:/Users/1": "C:/Users/1",
    "C:\\Users\\me\\1": "C:/Users/me/1",
    "c:/Users/me/1": "C:/Users/me/1",
    "file://host/share/1": "//host/share/1",
    "\\\\host\\share\\1": "//host/share/1",
    "file:///data/a\\b/1": "/data/a\\b/1",
  };
  for (const [uri, path] of Object.entries(paths)) {
    assertEquals(parseLocalPlace(uri)?.path, path, uri);
  }
});

Deno.test("parseLocalPlace() knows no place on a disk in remote and relative URIs", () => {
  const uris = [
    "s3://bucket/1",
    "gs://b/1",
    "mlflow-artifacts:/1/ab/artifacts",
    "dbfs:/1",
    "http://host/1",
    "runs:/ab/model",
    "models:/m-1",
    "./mlruns/1",
    "mlruns/1",
    "",
  ];
  assertEquals(uris.filter((uri) => parseLocalPlace(uri) !== null), []);
});

Deno.test("localPathOf() reads every form that names a place on this machine", () => {
  const forms: Readonly<Record<string, string | null>> = {
    "file:///data/mlruns/1": "/data/mlruns/1",
    "file:/data/mlruns/1": "/data/mlruns/1",
    "file://localhost/data/1": "/data/1",
    "FILE:///data/a%20b%ED%95%9C": "/data/a b한",
    "file:///data/1?x=y": "/data/1",
    "file:///data/100%": "/data/100%",
    "/data/1/": "/data/1",
    "/": "/",
    "file://host/share": null,
    "file:C:/runs": null,
    "C:\\runs": null,
    "./mlruns/1": null,
    "mlruns/1": null,
    "//host/share": null,
    "s3://bucket/1": null,
    "mlflow-artifacts:/1/a": null,
    "runs:/a/b": null,
    "": null,
  };
  for (const [uri, path] of Object.entries(forms)) assertEquals(localPathOf(uri), path, uri);
});

Deno.test("formerPlaces() finds a thing's own place behind another root, and not behind this one", () => {
  assertEquals(own("file:///old/mlruns/1/ab/artifacts"), [OWN]);
  assertEquals(own("C:\\old\\mlruns\\1\\ab\\artifacts"), [OWN]);
  assertEquals(own("/old/1/ab/artifacts/"), [OWN]);
  assertEquals(own("file:///new/mlruns/1/ab/artifacts"), []);
  assertEquals(own("file:///new/mlruns/old/1/ab/artifacts"), [OWN]);
  assertEquals(own("file:///new/mlruns/1/ab/artifacts/1/ab/artifacts"), []);
  assertEquals(own("/old/mlruns/2/ab/artifacts"), []);
  assertEquals(own("/old/mlruns/11/ab/artifacts"), []);
  assertEquals(own("/old/x1/ab/artifacts"), []);
  assertEquals(own("s3://b/1/ab/artifacts"), []);
});

Deno.test("formerPlaces() takes what lies below the former root, and nothing beside it", () => {
  assertEquals(below("/old/mlruns", "file:///old/mlruns/1/ab/artifacts/model"), [
    "1/ab/artifacts/model",
  ]);
  assertEquals(below("file:///old/my%20runs/", "/old/my runs/1"), ["1"]);
  assertEquals(below("c:\\Old", "file:///C:/old/1"), ["1"]);
  assertEquals(below("/old", "/older/1"), []);
  assertEquals(below("/old", "/old"), []);
  assertEquals(below("/OLD", "/old/1"), []);
  assertEquals(below("/old", "s3://old/1"), []);
});

Deno.test("formerPlaces() proposes all that a path may mean, the longest first", () => {
  const places = formerPlaces("/home/me/mlruns/1/ab", { root: ROOT, own: null, from: null });
  assertEquals(places, ["me/mlruns/1/ab", "mlruns/1/ab", "1/ab"]);
});

Deno.test("renameUri() keeps the form, and encodes as Python does", () => {
  const root = "/내 자료/mlruns (2)";
  const encoded = "file:///%EB%82%B4%20%EC%9E%90%EB%A3%8C/mlruns%20%282%29/1";
  assertEquals(renameUri("file:///old/1", root, "1"), encoded);
  assertEquals(renameUri("file:/C:/old/1?a=b", root, "1"), `${encoded}?a=b`);
  assertEquals(renameUri("D:\\old\\1", root, "1"), `${root}/1`);
  assertEquals(fileUri("/a-b_c.d~e/!'()*"), "file:///a-b_c.d~e/%21%27%28%29%2A");
});

Deno.test("a place that was renamed is found no more, and is read back as it was written", () => {
  const names = fc.string({ minLength: 1, unit: "grapheme" })
    .filter((name) => name.isWellFormed() && !/[/\\\0]/.test(name) && !/^\.+$/.test(name));
  fc.assert(fc.property(fc.array(names, { minLength: 1, maxLength: 4 }), names, (roots, name) => {
    const root = `/${roots.join("/")}`;
    const place = `1/${name}`;
    const uri = renameUri("file:///elsewhere/1", root, place);
    assertEquals(parseLocalPlace(uri)?.path, `${root}/${place}`);
    assertEquals(formerPlaces(uri, { root, own: place, from: null }), []);
  }));
});

Deno.test("relativePathOf() reads what depends on where MLflow is started", () => {
  const uris: Readonly<Record<string, string | null>> = {
    "./mlruns/1": "/mlruns/1",
    "mlruns/1/": "/mlruns/1",
    "../../mlruns/1": "/mlruns/1",
    "~/oats/mlruns/1": "/oats/mlruns/1",
    "file:./mlruns/1": "/mlruns/1",
    "file:///mlruns/1": null,
    "/mlruns/1": null,
    "C:\\mlruns\\1": null,
    "\\\\host\\mlruns": null,
    "s3://bucket/1": null,
    "runs:/a/b": null,
    "": null,
  };
  for (const [uri, path] of Object.entries(uris)) assertEquals(relativePathOf(uri), path, uri);
});

Deno.test("formerPlaces() finds what a relative path and a sibling's place mean", () => {
  const run = "ab".repeat(16);
  const place = `1/${run}/artifacts`;
  const places = (uri: string, own: string | null = place, root = ROOT) =>
    formerPlaces(uri, { root, own, from: null });
  assertEquals(places(`./mlruns/${place}`), [place]);
  assertEquals(places(`mlruns/${place}`, place, "/mlruns"), [place]);
  assertEquals(places(`~/mlruns/2/${run}/artifacts`), [`2/${run}/artifacts`, place]);
  assertEquals(places(`file://${ROOT}/2/${run}/artifacts`), [place]);
  assertEquals(places(`file:///old/2/${run}/artifacts`), [`2/${run}/artifacts`, place]);
  assertEquals(places(`file:///old/2/${"cd".repeat(16)}/artifacts`), []);
  assertEquals(places(`file://${ROOT}/29`, "28"), ["28"]);
  assertEquals(places(`file://${ROOT}/28`, "28"), []);
  assertEquals(places(`file://${ROOT}/shared`, "28"), []);
  assertEquals(places(`./mlruns/${place}/model`, null), [
    `${place}/model`,
    `${run}/artifacts/model`,
    "artifacts/model",
  ]);
});
