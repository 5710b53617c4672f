"""Starts a run without naming an experiment, and prints what came of it as one JSON value.

    python start_run.py STORE

`made` is where MLflow put the run, or the exception; `experiments` is what it listed before.
"""

import json
import logging
import pathlib
import sys

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType


def start():
    try:
        with mlflow.start_run() as run:
            return run.info.experiment_id
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def main():
    uri = pathlib.Path(sys.argv[1]).absolute().as_uri()
    logging.disable(logging.WARNING)
    mlflow.set_tracking_uri(uri)
    listed = MlflowClient(uri).search_experiments(view_type=ViewType.ALL)
    experiments = {
        each.experiment_id: [each.name, each.artifact_location, each.lifecycle_stage, each.tags]
        for each in listed
    }
    print(json.dumps({"experiments": experiments, "made": start()}))


if __name__ == "__main__":
    main()
