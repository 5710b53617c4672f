"""Lets MLflow 3 migrate a file store into a database, and prints what it then says of the database.

    python migrate_store.py STORE DATABASE

Prints one JSON document: experiments and runs by their stage, runs by their status, registered models, logged
models.
"""

import collections
import json
import subprocess
import sys

from mlflow import MlflowClient
from mlflow.entities import ViewType


def main():
    store, database = sys.argv[1:]
    uri = f"sqlite:///{database}"
    command = ["-m", "mlflow", "migrate-filestore", "--source", store, "--target", uri]
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
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
