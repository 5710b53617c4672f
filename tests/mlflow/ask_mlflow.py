"""Asks real MLflow about a store and prints all it says as one JSON document.

    python ask_mlflow.py STORE [--delete-run ID] [--restore-run ID]
        [--delete-experiment ID] [--restore-experiment ID]

First does what the flags say, through MLflow's own client, then lists and searches everything.
`complaints` holds each warning, each log record of level WARNING or above and each exception that
any of these calls caused: a healthy store causes none.
"""

import argparse
import json
import logging
import math
import os
import pathlib
import sys
import tempfile
import warnings

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

THREE = int(mlflow.__version__.split(".")[0]) >= 3


class Question:
    """Calls MLflow and writes down what it complains of."""

    def __init__(self):
        self.complaints = []
        make_record = logging.getLogRecordFactory()

        def keep_record(*args, **kwargs):
            record = make_record(*args, **kwargs)
            if record.levelno >= logging.WARNING:
                self.complaints.append(f"{record.levelname}: {record.getMessage()}")
            return record

        logging.setLogRecordFactory(keep_record)
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, category, *_: self.complaints.append(
            f"{category.__name__}: {message}"
        )

    def ask(self, what, call, default=None):
        try:
            return call()
        except Exception as error:
            self.complaints.append(f"{what}: {type(error).__name__}: {error}")
            return default


def plain(value):
    """JSON has no NaN and no infinity: MLflow's REST server writes them as strings, and so do we."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return plain(dict(value)) if hasattr(value, "__iter__") else str(value)


def experiments(client, question, stage):
    found = question.ask(
        f"search_experiments({stage})",
        lambda: client.search_experiments(view_type=stage),
        [],
    )
    return {each.experiment_id: plain(each) for each in found}


def artifacts(client, question, run_id, folder=None):
    what = f"list_artifacts({run_id}, {folder})"
    found = question.ask(what, lambda: client.list_artifacts(run_id, folder), [])
    return [
        path
        for each in found
        for path in (artifacts(client, question, run_id, each.path) if each.is_dir else [each.path])
    ]


def runs(client, question, experiment_id, stage):
    found = question.ask(
        f"search_runs({experiment_id})",
        lambda: client.search_runs([experiment_id], run_view_type=ViewType.ALL, max_results=50000),
        [],
    )
    return {each.info.run_id: whole_run(client, question, each, stage) for each in found}


def whole_run(client, question, run, stage):
    run_id = run.info.run_id
    answer = plain(run.to_dictionary())
    got = question.ask(f"get_run({run_id})", lambda: client.get_run(run_id))
    if got and plain(got.to_dictionary()) != answer:
        question.complaints.append(f"get_run({run_id}): not what search_runs finds")
    answer["history"] = {
        key: question.ask(
            f"get_metric_history({run_id}, {key})",
            lambda: [plain(point) for point in client.get_metric_history(run_id, key)],
        )
        for key in run.data.metrics
    }
    # The artifacts of a deleted experiment lie in .trash/, while its runs' URIs name the old place.
    answer["artifacts"] = artifacts(client, question, run_id) if stage == "active" else []
    return answer


def registered_models(client, question):
    found = question.ask("search_registered_models", client.search_registered_models, [])
    return {each.name: {"aliases": each.aliases, "tags": each.tags} for each in found}


def model_versions(client, question):
    found = question.ask("search_model_versions", client.search_model_versions, [])
    return {
        f"{each.name}/{each.version}": {
            "run": each.run_id,
            "source": each.source,
            "stage": each.current_stage,
            "aliases": each.aliases,
            "tags": each.tags,
            "files": question.ask(
                f"download_artifacts({each.name}, {each.version})",
                lambda: model_files(client, each),
            ),
        }
        for each in found
    }


def model_files(client, version):
    uri = client.get_model_version_download_uri(version.name, version.version)
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(mlflow.artifacts.download_artifacts(uri, dst_path=place))
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def logged_models(client, question, experiment_id):
    found = question.ask(
        f"search_logged_models({experiment_id})",
        lambda: client.search_logged_models([experiment_id]),
        [],
    )
    return {each.model_id: plain(each.to_dictionary()) for each in found}


def traces(client, question, experiment_id):
    found = question.ask(
        f"search_traces({experiment_id})",
        lambda: client.search_traces(locations=[experiment_id]),
        [],
    )
    return {each.info.trace_id: len(each.data.spans) for each in found}


def describe(client, question):
    stages = {
        "active": experiments(client, question, ViewType.ACTIVE_ONLY),
        "deleted": experiments(client, question, ViewType.DELETED_ONLY),
    }
    answer = {
        "mlflow": mlflow.__version__,
        "experiments": stages,
        "runs": {
            experiment_id: runs(client, question, experiment_id, stage)
            for stage, found in stages.items()
            for experiment_id in found
        },
        "registeredModels": registered_models(client, question),
        "modelVersions": model_versions(client, question),
    }
    if THREE:
        active = stages["active"]
        answer["loggedModels"] = {each: logged_models(client, question, each) for each in active}
        answer["traces"] = {each: traces(client, question, each) for each in active}
    return answer


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("store")
    flags.add_argument("--delete-run", action="append", default=[])
    flags.add_argument("--restore-run", action="append", default=[])
    flags.add_argument("--delete-experiment", action="append", default=[])
    flags.add_argument("--restore-experiment", action="append", default=[])
    options = flags.parse_args()
    if not os.path.isdir(options.store):
        sys.exit(f"Cannot ask about {options.store}: no such directory")
    uri = pathlib.Path(options.store).absolute().as_uri()
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)

    question = Question()
    client = MlflowClient()
    for action in ("delete_run", "restore_run", "delete_experiment", "restore_experiment"):
        for subject in getattr(options, action):
            question.ask(f"{action}({subject})", lambda: getattr(client, action)(subject))
    answer = describe(client, question)
    answer["complaints"] = question.complaints
    json.dump(answer, sys.stdout, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    print()


if __name__ == "__main__":
    main()
