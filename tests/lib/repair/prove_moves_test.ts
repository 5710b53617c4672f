import { assertEquals } from "@std/assert";
import { type Evidence, NO_EVIDENCE } from "../../../lib/plan/repair_action.ts";
import {
  formerRoots,
  namedPlaces,
  placeMeant,
  tellingPlaces,
} from "../../../lib/repair/prove_moves.ts";
import {
  experiment,
  modelVersion,
  registeredModel,
  ROOT,
  run,
  runId,
  snapshot,
  type SnapshotInit,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const frozen = (init: SnapshotInit) => deepFreeze(snapshot(init));
const [FULL, BARE] = [runId(1), runId(2)];

/**
 * What records of experiment 1 become that name a place below `former`: the experiment's, that of a run with
 * artifacts, that of one without. `here`: what is still there on this machine.
 */
function relocated(former: string, here: readonly string[] = [], from: string | null = null) {
  const runs = [FULL, BARE].map((id) => run({ id, artifactUri: `${former}/1/${id}/artifacts` }));
  const store = frozen({
    experiments: [experiment({ id: "1", artifactLocation: `${former}/1`, runs })],
  });
  const named = namedPlaces(store, []);
  const places = named.flatMap(({ own }) => own ?? []);
  return meantBy(
    store,
    named,
    {
      places: new Set(places),
      filled: new Set(places.filter((place) => place.includes(FULL))),
    },
    here,
    from,
  );
}

function meantBy(
  store: ReturnType<typeof snapshot>,
  named: ReturnType<typeof namedPlaces>,
  known: Partial<Evidence>,
  here: readonly string[],
  from: string | null,
) {
  const isThere = (path: string) => here.some((one) => one === path || one.startsWith(`${path}/`));
  const told = named.flatMap(({ uri }) => tellingPlaces(uri));
  const gone = new Set(told.filter((path) => !isThere(path)));
  const evidence = { ...NO_EVIDENCE, ...known, gone };
  const roots = formerRoots(named, evidence, ROOT);
  const policy = { settle: 0, staleAfter: 0, finishAs: "FAILED", relocate: { from } } as const;
  return named.map((one) => placeMeant(one, { snapshot: store, evidence, policy, roots }));
}

const [OWN, FULL_OWN, BARE_OWN] = ["1", `1/${FULL}/artifacts`, `1/${BARE}/artifacts`];

Deno.test("placeMeant() leaves what is where its record says, unless the former root is named", () => {
  const here = [`/vol/1/${FULL}/artifacts`];
  assertEquals(relocated("file:///vol", here), [null, null, null]);
  assertEquals(relocated("file:///vol", here, "/vol"), [OWN, FULL_OWN, BARE_OWN]);
  assertEquals(relocated("file:///vol", here, "/elsewhere"), [null, null, null]);
});

Deno.test("placeMeant() takes a place for gone only with the directory that it was in", () => {
  // A run without artifacts has no directory at a place of the experiment's own choice.
  assertEquals(relocated("file:///vol", ["/vol/1"]), [null, FULL_OWN, null]);
  assertEquals(relocated("file:///vol"), [OWN, FULL_OWN, BARE_OWN]);
});

Deno.test("placeMeant() asks for files here, or for the store's own name there", () => {
  const bare = (former: string) => {
    const store = frozen({
      experiments: [experiment({
        id: "1",
        artifactLocation: `${former}/1`,
        runs: [run({ id: BARE, artifactUri: `${former}/1/${BARE}/artifacts` })],
      })],
    });
    const named = namedPlaces(store, []);
    return meantBy(store, named, { places: new Set([OWN, BARE_OWN]) }, [], null);
  };
  assertEquals(bare("file:///mnt/disk"), [null, null]);
  assertEquals(bare("file:///old/mlruns"), [OWN, BARE_OWN]);
  // The store was given a directory of its own.
  assertEquals(bare("file:///data"), [OWN, BARE_OWN]);
});

Deno.test("placeMeant() leaves what lies on another host, or in another scheme", () => {
  for (const former of ["file://host/share/mlruns", "s3://bucket/mlruns", "dbfs:/mlruns"]) {
    assertEquals(relocated(former), [null, null, null], former);
  }
  const former = "file://host/share/mlruns";
  assertEquals(relocated(former, [], former), [OWN, FULL_OWN, BARE_OWN]);
});

Deno.test("placeMeant() lets a model version name nothing but artifacts of this store", () => {
  const meant = (source: string, here: readonly string[] = []) => {
    const store = frozen({
      experiments: [experiment({ id: "1", runs: [run({ id: FULL })] })],
      registeredModels: [registeredModel({ versions: [modelVersion({ source })] })],
    });
    const named = namedPlaces(store, []).filter(({ own }) => own === null).slice(0, 1);
    const places = [`${FULL_OWN}/model`, "models/churn", "1/tags"];
    return meantBy(store, named, { places: new Set(places) }, here, null)[0];
  };
  const source = `/exports/1/${FULL}/artifacts/model`;
  assertEquals(meant(source), `${FULL_OWN}/model`);
  assertEquals(meant(source, [source]), null);
  assertEquals(meant("/exports/models/churn"), null);
  assertEquals(meant("/exports/1/tags"), null);
});

Deno.test("placeMeant() lets no experiment keep its artifacts in the directory of another one", () => {
  const store = frozen({
    experiments: [experiment({ id: "1", artifactLocation: `file://${ROOT}/29` })],
  });
  const named = namedPlaces(store, []);
  assertEquals(meantBy(store, named, { places: new Set([OWN]) }, [`${ROOT}/29`], null), [OWN]);
});
