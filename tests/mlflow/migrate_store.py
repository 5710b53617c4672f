"""Lets MLflow 3 migrate a file store into a database, and prints what it then says of the database.

    python migrate_store.py STORE DATABASE

Prints one JSON document: experiments and runs by their stage, runs by their status, registered models, logged
models.
"""

import collections
import contextlib
import json
import os
import sys

from mlflow import MlflowClient
from mlflow.cli import cli
from mlflow.entities import ViewType


def main():
    store, database = sys.argv[1:]
    uri = f"sqlite:///{database}"
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        cli(["migrate-filestore", "--source", store, "--target", uri], standalone_mode=False)
    client = MlflowClient(uri)
    experiments = client.search_experiments(view_type=ViewType.ALL)
    ids = [one.experiment_id for one in experiments]
    runs = client.search_runs(ids, run_view_type=ViewType.ALL, max_results=50_000)
    said = {
        "experiments": collections.Counter(one.lifecycle_stage for one in experiments),
        "runs": collections.Counter(one.info.lifecycle_stage for one in runs),
        "byStatus": collections.Counter(one.info.status for one in runs),
        "registeredModels": [one.name for one in client.search_registered_models()],
        "loggedModels": [one.model_id for one in client.search_logged_models(ids)],
    }
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
