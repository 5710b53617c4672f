/**
 * Damage to the model registry.
 *
 * @module
 */

import {
  type Damage,
  MAIN,
  model,
  NOT_UTF8,
  output,
  REGISTERED,
  REGISTRY,
  three,
  version,
} from "./damage.ts";

/** Every damage of that kind. */
export const REGISTRY_DAMAGES: readonly Damage[] = [
  {
    name: "a registered model's meta.yaml is lost",
    rule: "registry-unreadable",
    inflict: (s) => s.remove(`${REGISTRY}/meta.yaml`),
  },
  {
    name: "a registered model's meta.yaml is empty",
    rule: "registry-unreadable",
    inflict: (s) => s.write(`${REGISTRY}/meta.yaml`, ""),
  },
  {
    name: "a registered model has no name",
    rule: "registry-unreadable",
    inflict: (s) => s.drop(`${REGISTRY}/meta.yaml`, "name"),
  },
  {
    name: "a directory in models/ that is no registered model",
    rule: "registry-unreadable",
    inflict: (s) => s.makeDirectory("models/.ipynb_checkpoints"),
  },
  {
    name: "a registered model has another name than its directory",
    rule: "registered-model-renamed",
    inflict: (s) => s.set(`${REGISTRY}/meta.yaml`, "name", "other"),
  },
  {
    name: "a version's meta.yaml is lost",
    rule: "registry-unreadable",
    inflict: (s) => s.remove(`${version}/meta.yaml`),
  },
  {
    name: "all of a version but its directory is lost",
    rule: "registry-unreadable",
    inflict: (s) => {
      s.remove(version);
      s.makeDirectory(version);
    },
  },
  {
    name: "a version's meta.yaml is cut off",
    rule: "registry-unreadable",
    inflict: (s) =>
      s.edit(`${version}/meta.yaml`, (text) => text.slice(0, text.indexOf("version"))),
  },
  ...["version", "name", "creation_timestamp"].map((key): Damage => ({
    name: `a version lacks ${key}`,
    rule: "registry-unreadable",
    inflict: (s) => s.drop(`${version}/meta.yaml`, key),
  })),
  ...[["status", "DONE"], ["status", "7"], ["creation_timestamp", "null"], ["name", "null"], [
    "version",
    "'1'",
  ]]
    .map(([key, value]): Damage => ({
      name: `a version's ${key} is ${value}`,
      rule: "value-of-wrong-type",
      inflict: (s) => s.set(`${version}/meta.yaml`, key!, value!),
    })),
  ...["null", "first", "[1]"].map((value): Damage => ({
    name: `a version's version is ${value}`,
    rule: "value-of-wrong-type",
    inflict: (s) => s.set(`${version}/meta.yaml`, "version", value),
  })),
  ...["1.5", "true", "2"].map((value): Damage => ({
    name: `a version's version is ${value}`,
    rule: "model-version-renamed",
    inflict: (s) => s.set(`${version}/meta.yaml`, "version", value),
  })),
  ...["1.5", "null"].map((value): Damage => ({
    name: `a registered model's name is ${value}`,
    rule: "value-of-wrong-type",
    inflict: (s) => s.set(`${REGISTRY}/meta.yaml`, "name", value),
  })),
  {
    name: "a version's last update is null",
    rule: "model-version-time-missing",
    inflict: (s) => s.set(`${version}/meta.yaml`, "last_updated_timestamp", "null"),
  },
  {
    name: "a version lacks its last update",
    rule: "model-version-time-missing",
    inflict: (s) => s.drop(`${version}/meta.yaml`, "last_updated_timestamp"),
  },
  ...["registered", "version"].map((what): Damage => ({
    name: `a ${what} model's time is a boolean`,
    rule: "time-is-boolean",
    inflict: (s) =>
      s.set(
        `${what === "version" ? version : REGISTRY}/meta.yaml`,
        "last_updated_timestamp",
        "true",
      ),
  })),
  ...["''", "[]"].map((time): Damage => ({
    name: `a registered model's last update is ${time}`,
    rule: time === "[]" ? "value-that-no-database-takes" : null,
    inflict: (s) => s.set(`${REGISTRY}/meta.yaml`, "last_updated_timestamp", time),
  })),
  {
    name: "a version's description is a list",
    rule: "value-of-wrong-type",
    inflict: (s) => s.set(`${version}/meta.yaml`, "description", "[a]"),
  },
  {
    name: "a version names another model",
    rule: "model-version-of-other-name",
    inflict: (s) => s.set(`${version}/meta.yaml`, "name", "word"),
  },
  {
    name: "a version's number is not its directory's",
    rule: "model-version-renamed",
    inflict: (s) => s.move(version, `${REGISTRY}/version-9`),
  },
  {
    name: "a version is copied beside itself",
    rule: "model-version-renamed",
    inflict: (s) => s.copy(version, `${version} copy`),
  },
  {
    name: "a registered model is copied beside itself",
    rule: "registered-model-renamed",
    inflict: (s) => s.copy(REGISTRY, `${REGISTRY} copy`),
  },
  {
    name: "a version is emptied to which an alias points",
    rule: "registry-unreadable",
    inflict: (s) => {
      s.write(`${REGISTRY}/aliases/champion`, "1");
      s.write(`${version}/meta.yaml`, "");
    },
  },
  {
    name: "a registered model's tag is not UTF-8",
    rule: "registry-value-unreadable",
    inflict: (s) => s.write(`${REGISTRY}/tags/owner`, NOT_UTF8),
  },
  {
    name: "a registered model's tag has an illegal name",
    rule: "registry-value-unreadable",
    inflict: (s) => s.write(`${REGISTRY}/tags/owner~`, "x"),
  },
  {
    name: "a version's tag is not UTF-8",
    rule: "registry-value-unreadable",
    inflict: (s) => s.write(`${REGISTRY}/version-2/tags/checked`, NOT_UTF8),
  },
  {
    name: "an alias is not UTF-8",
    rule: "registry-value-unreadable",
    inflict: (s) => s.write(`${REGISTRY}/aliases/champion`, NOT_UTF8),
  },
  {
    name: "an alias points to no version",
    rule: "alias-dangling",
    inflict: (s) => s.write(`${REGISTRY}/aliases/champion`, "7"),
  },
  {
    name: "an alias points to a deleted version",
    rule: "alias-dangling",
    inflict: (s) => s.write(`${REGISTRY}/aliases/champion`, "3"),
  },
  {
    name: "an alias is no number",
    rule: "alias-dangling",
    inflict: (s) => s.write(`${REGISTRY}/aliases/champion`, "two"),
  },
  {
    name: "a registered model's name holds a per cent sign",
    rule: "registered-model-name-illegal",
    inflict: (s) => {
      s.copy(REGISTRY, "models/50%");
      s.edit("models/50%/meta.yaml", (text) => text.replace(/^name: .*/m, "name: 50%"));
    },
  },
  {
    name: "a registered model's name holds a colon",
    rule: "registered-model-name-with-colon",
    changes: /^(registered|versions)/,
    inflict: (s) => {
      s.move(REGISTRY, "models/a:b");
      for (const path of ["", "/version-1", "/version-2", "/version-3"]) {
        s.set(`models/a:b${path}/meta.yaml`, "name", "a:b");
      }
    },
  },
  {
    name: "a version's run is lost",
    rule: "model-source-missing",
    changes: /./,
    inflict: (s) => s.remove(`${MAIN}/${REGISTERED}`),
  },
  {
    name: "a version's files are lost",
    rule: "model-source-missing",
    inflict: (s) => s.remove(`${MAIN}/${REGISTERED}/artifacts/model`),
  },
  {
    name: "a version whose files lie elsewhere names a run that is lost",
    rule: "source-run-missing",
    ...three,
    changes: /\/run$/,
    inflict: (s) => s.set(`${REGISTRY}/version-4/meta.yaml`, "run_id", "f".repeat(32)),
  },
  {
    name: "a version's files are sought in a former place",
    rule: "model-source-moved",
    ...three,
    inflict: (s) =>
      s.edit(`${REGISTRY}/version-4/meta.yaml`, (text) => text.replace(s.root, "/srv/old/mlruns")),
  },
  {
    name: "a version's logged model is lost",
    rule: "model-source-missing",
    ...three,
    changes: /./,
    inflict: (s) => {
      s.remove(model);
      s.remove(output);
    },
  },
];
