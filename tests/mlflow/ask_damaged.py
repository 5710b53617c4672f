"""Asks real MLflow about many stores, most of them damaged, and prints all it says as one JSON value.

    python ask_damaged.py LIST.json

LIST.json lists stores, each with a `name`, its `root` and how far it is `asked`: `reading`, `changing` or
`all`. The answer for each, by its name:

    raised     listing or search -> the exception
    refused    operation on one thing -> the exception, or what is wrong with its result
    warned     what MLflow logged as a warning, or worse, while it listed, searched and read
    shown      everything that it showed, as path -> value
    migration  what `mlflow migrate-filestore` made of it (MLflow 3): `aborted`, `warned`, `shown`
    gc         the exception that ended `mlflow gc`, or null

Of those that are not asked all, the last two are null.
"""

import json
import logging
import math
import os
import pathlib
import shutil
import sys
import tempfile
import warnings

import mlflow
from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.cli import gc
from mlflow.entities import Experiment, Run, Trace, ViewType
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.utils.proto_json_utils import message_to_json

THREE = int(mlflow.__version__.split(".")[0]) >= 3

SENT = (Experiment, Run, RegisteredModel, ModelVersion)
if THREE:
    from mlflow.entities import LoggedModel

    SENT += (LoggedModel,)

WARNED = []


def keep_warnings():
    make_record = logging.getLogRecordFactory()

    def keep(*args, **kwargs):
        record = make_record(*args, **kwargs)
        if record.levelno >= logging.WARNING:
            WARNED.append(record.getMessage())
        return record

    logging.setLogRecordFactory(keep)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    logging.lastResort = None
    warnings.simplefilter("ignore")


def reason(error):
    return f"{type(error).__name__}: {error}"


class Question:
    def __init__(self, store):
        self.uri = pathlib.Path(store).absolute().as_uri()
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)
        self.client = MlflowClient(self.uri, self.uri)
        self.raised, self.refused, self.shown = {}, {}, {}

    def search(self, what, call):
        try:
            found = list(call())
        except Exception as error:
            self.raised[what] = reason(error)
            return []
        try:
            # As MLflow's server does, which answers 500 where that raises.
            for each in found:
                sent = each.info if isinstance(each, Trace) else each
                if isinstance(each, (*SENT, Trace)):
                    message_to_json(sent.to_proto())
        except Exception as error:
            self.raised[f"{what} of the server"] = reason(error)
        return found

    def attempt(self, what, call):
        try:
            return call()
        except Exception as error:
            self.refused[what] = reason(error)
            return None

    def show(self, path, value):
        """Takes a value apart; of what is shown twice, a number tells one from the other."""
        if isinstance(value, dict):
            for key, item in value.items():
                self.show(f"{path}/{key}", item)
        elif isinstance(value, (list, tuple)):
            for index, item in enumerate(value):
                self.show(f"{path}/{index}", item)
        else:
            if isinstance(value, float) and not math.isfinite(value):
                value = str(value)
            while path in self.shown:
                path += " again"
            known = value is None or isinstance(value, (str, int, float, bool))
            self.shown[path] = value if known else str(value)

    # Reading -------------------------------------------------------------------------------------

    def read(self):
        client = self.client
        found = {}
        for stage in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL):
            for each in self.search(
                f"search_experiments({stage})",
                lambda: client.search_experiments(view_type=stage),
            ):
                found[each.experiment_id] = each
                self.show(f"experiments/{stage}/{each.experiment_id}", {
                    "name": each.name,
                    "location": each.artifact_location,
                    "tags": each.tags,
                })
        self.experiments = list(found.values())
        for each in self.experiments:
            named = self.attempt(
                f"get_experiment_by_name({each.experiment_id})",
                lambda: client.get_experiment_by_name(each.name),
            )
            if named and named.experiment_id != each.experiment_id:
                self.refused[f"get_experiment_by_name({each.experiment_id})"] = "gives another one"
        self.runs = []
        for each in self.experiments:
            self.read_experiment(each.experiment_id)
        for run in self.runs:
            self.read_run(run)
        self.read_registry()

    def read_experiment(self, experiment):
        client = self.client
        for run in self.search(
            f"search_runs({experiment})",
            lambda: client.search_runs([experiment], run_view_type=ViewType.ALL, max_results=50000),
        ):
            self.runs.append(run)
            answer = run.to_dictionary()
            answer["info"].pop("lifecycle_stage")
            answer["info"].pop("run_uuid", None)
            self.show(f"runs/{run.info.run_id}", plain(answer))
        if THREE:
            for model in self.search(
                f"search_logged_models({experiment})",
                lambda: client.search_logged_models([experiment]),
            ):
                self.show(f"logged_models/{model.model_id}", plain(model.to_dictionary()))
                files = self.attempt(
                    f"list_logged_model_artifacts({model.model_id})",
                    lambda: client.list_logged_model_artifacts(model.model_id),
                )
                self.show(f"logged_models/{model.model_id}/files", [x.path for x in files or []])
        places = {"locations": [experiment]} if THREE else {"experiment_ids": [experiment]}
        for trace in self.search(
            f"search_traces({experiment})", lambda: client.search_traces(**places)
        ):
            info = trace.info
            identity = info.trace_id if THREE else info.request_id
            self.show(f"traces/{identity}", {
                "spans": len(trace.data.spans),
                "tags": info.tags,
                "metadata": info.trace_metadata if THREE else info.request_metadata,
                "assessments": len(info.assessments) if THREE else 0,
            })
            self.attempt(f"get_trace({identity})", lambda: client.get_trace(identity))

    def read_run(self, run):
        client, run_id = self.client, run.info.run_id
        self.attempt(f"get_run({run_id})", lambda: client.get_run(run_id))
        self.attempt(f"get_parent_run({run_id})", lambda: client.get_parent_run(run_id))
        for key in run.data.metrics:
            history = self.attempt(
                f"get_metric_history({run_id})", lambda: client.get_metric_history(run_id, key)
            )
            self.show(f"history/{run_id}/{key}", [
                [point.timestamp, point.value, point.step] for point in history or []
            ])
        experiments = {each.experiment_id: each for each in self.experiments}
        if experiments[run.info.experiment_id].lifecycle_stage == "active":
            for path in self.artifacts(run_id):
                self.show(f"artifacts/{run_id}/{path}", True)

    def artifacts(self, run_id, folder=None):
        found = self.attempt(
            f"list_artifacts({run_id})", lambda: self.client.list_artifacts(run_id, folder)
        )
        return [
            path
            for each in found or []
            for path in (self.artifacts(run_id, each.path) if each.is_dir else [each.path])
        ]

    def read_registry(self):
        client = self.client
        for model in self.search("search_registered_models", client.search_registered_models):
            self.show(f"registered/{model.name}", {"aliases": model.aliases, "tags": model.tags})
            self.attempt(
                f"get_registered_model({model.name})",
                lambda: client.get_registered_model(model.name),
            )
            for alias in model.aliases:
                self.attempt(
                    f"get_model_version_by_alias({model.name}, {alias})",
                    lambda: client.get_model_version_by_alias(model.name, alias),
                )
        for version in self.search("search_model_versions", client.search_model_versions):
            what = f"{version.name}/{version.version}"
            self.show(f"versions/{what}", {
                "run": version.run_id,
                "source": version.source,
                "stage": version.current_stage,
                "tags": version.tags,
                "aliases": version.aliases,
            })
            if version.current_stage != "Deleted_Internal":
                self.attempt(f"get_model_version({what})", lambda: self.version(version))
                self.attempt(f"download({what})", lambda: self.download(version))

    def version(self, version):
        found = self.client.get_model_version(version.name, str(version.version))
        if str(found.version) != str(version.version):
            raise LookupError("gives another version")

    def download(self, version):
        uri = self.client.get_model_version_download_uri(version.name, str(version.version))
        with tempfile.TemporaryDirectory() as place:
            folder = mlflow.artifacts.download_artifacts(uri, dst_path=place)
            if not any(pathlib.Path(folder).rglob("*")):
                raise LookupError("there is nothing")

    # Changing ------------------------------------------------------------------------------------

    def change(self):
        client = self.client
        for run in self.runs:
            run_id = run.info.run_id
            if run.info.lifecycle_stage == "active":
                for key, value in run.data.params.items():
                    self.attempt(
                        f"log_param({run_id})", lambda: client.log_param(run_id, key, value)
                    )
                self.attempt(f"delete_run({run_id})", lambda: client.delete_run(run_id))
                self.attempt(f"restore_run({run_id})", lambda: client.restore_run(run_id))
        for experiment in self.search("search_experiments", client.search_experiments):
            what = f"create_run({experiment.experiment_id})"
            made = self.attempt(what, lambda: client.create_run(experiment.experiment_id))
            if made and not made.info.artifact_uri.startswith(self.uri):
                self.refused[what] = f"writes to {made.info.artifact_uri}"


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return plain(dict(value)) if hasattr(value, "__iter__") else str(value)


# Migrating ---------------------------------------------------------------------------------------


def empty_database(place):
    """Making the tables takes seconds, so that is done once."""
    from sqlalchemy import create_engine

    import mlflow.store.db.utils as tables

    path = os.path.join(place, "empty.db")
    engine = create_engine(f"sqlite:///{path}")
    tables._initialize_tables(engine)
    engine.dispose()
    # A migration is given a copy: looking through all revisions anew is a seventh of what it all takes.
    tables._initialize_tables = lambda engine: None
    return path


def migrate(store, empty, place):
    from sqlalchemy import create_engine, text

    from mlflow.store import fs2db

    path = os.path.join(place, "migrated.db")
    for leftover in pathlib.Path(place).glob("migrated.db*"):
        leftover.unlink()
    shutil.copy(empty, path)
    del WARNED[:]
    aborted = None
    try:
        with open(os.devnull, "w") as nowhere:
            stdout, sys.stdout = sys.stdout, nowhere
            try:
                fs2db.migrate(pathlib.Path(store), f"sqlite:///{path}", progress=False)
            finally:
                sys.stdout = stdout
    except Exception as error:
        aborted = reason(error)[:300]
    shown = {}
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        for table, query in fs2db._ROW_COUNT_QUERIES.items():
            shown[table] = connection.execute(text(query)).scalar()
        for kind, query in (
            ("experiment", "SELECT experiment_id, lifecycle_stage FROM experiments"),
            ("run", "SELECT run_uuid, lifecycle_stage FROM runs"),
        ):
            for identity, stage in connection.execute(text(query)):
                shown[f"{kind}/{identity}"] = stage
    engine.dispose()
    return {"aborted": aborted, "warned": list(WARNED), "shown": shown}


def collect_garbage(uri):
    answer = CliRunner().invoke(
        gc, ["--backend-store-uri", uri], env={"MLFLOW_TRACKING_URI": uri}
    )
    return reason(answer.exception) if answer.exception else None


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        stores = json.load(file)
    keep_warnings()
    answers = {}
    with tempfile.TemporaryDirectory() as place:
        empty = empty_database(place) if THREE else None
        for store in stores:
            del WARNED[:]
            question = Question(store["root"])
            question.read()
            warned = list(WARNED)
            asked = store["asked"]
            whole = asked == "all"
            migration = migrate(store["root"], empty, place) if THREE and whole else None
            if asked != "reading":
                question.change()
            answers[store["name"]] = {
                "raised": question.raised,
                "refused": question.refused,
                "warned": warned,
                "shown": question.shown,
                "migration": migration,
                "gc": collect_garbage(question.uri) if whole else None,
            }
    json.dump(answers, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
