import { assertEquals } from "@std/assert";
import { isFormerPlace, localPathOf } from "../../lib/former_place.ts";

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

Deno.test("isFormerPlace() wants the whole place below the root, and another root", () => {
  const place = "1/ab/artifacts";
  assertEquals(isFormerPlace("/old/mlruns/1/ab/artifacts", "/new/mlruns", place), true);
  assertEquals(isFormerPlace("/new/mlruns/1/ab/artifacts", "/new/mlruns", place), false);
  assertEquals(isFormerPlace("/old/x1/ab/artifacts", "/new/mlruns", place), false);
});
