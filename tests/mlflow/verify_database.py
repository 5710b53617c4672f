"""Lets MLflow keep a database of SQLite, collect its garbage, and tell what it makes of it.

    python verify_database.py make DATABASE  runs, artifacts and what is deleted, then `mlflow gc`; prints ids by role,
                                             and what MLflow says of a name that a deleted experiment has
    python verify_database.py say DATABASE   prints what MLflow lists of it
"""

import json
import os
import pathlib
import sys
import tempfile

import mlflow
import mlflow.cli
from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.data.meta_dataset import MetaDataset
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.entities import DatasetInput, ViewType
from mlflow.exceptions import MlflowException

LONG_AGO = 1_600_000_000_000
THREE = int(mlflow.__version__.split(".")[0]) >= 3


def make(client):
    experiment = client.create_experiment("churn")
    ids = {"experiment": experiment}
    source = HTTPDatasetSource("https://example.com/a.csv")
    dataset = MetaDataset(source, name="a", digest="1")._to_mlflow_entity()
    for role in ["gone", "stays", "stale"]:
        run = client.create_run(experiment, start_time=LONG_AGO, run_name=role).info.run_id
        ids[role] = run
        client.log_metric(run, "loss", 0.5, timestamp=LONG_AGO + 5)
        client.log_inputs(run, [DatasetInput(dataset, [])])
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory, "report.txt")
            file.write_text(role)
            client.log_artifact(run, str(file))
        if role != "stale":
            client.set_terminated(run, "FINISHED", end_time=LONG_AGO + 1000)
    if THREE:
        model = client.create_logged_model(experiment, name="model", source_run_id=ids["gone"])
        with tempfile.TemporaryDirectory() as directory:
            pathlib.Path(directory, "MLmodel").write_text("flavors: {}\n")
            client.log_model_artifacts(model.model_id, directory)
        client.finalize_logged_model(model.model_id, "READY")
        ids["model"] = model.model_id
    old = client.create_experiment("old")
    client.delete_experiment(old)
    client.delete_run(ids["gone"])
    try:
        ids["taken"] = client.create_experiment("old")
    except MlflowException as error:
        ids["taken"] = str(error)
    collected = CliRunner().invoke(mlflow.cli.gc, ["--backend-store-uri", mlflow.get_tracking_uri()])
    assert collected.exit_code == 0, collected.output
    return ids


def say(client):
    experiments = client.search_experiments(view_type=ViewType.ALL)
    runs = client.search_runs([one.experiment_id for one in experiments], run_view_type=ViewType.ALL)
    return {
        "experiments": sorted(one.name for one in experiments),
        "runs": {one.data.tags["mlflow.runName"]: one.info.status for one in runs},
        "artifacts": sum(len(client.list_artifacts(one.info.run_id)) for one in runs),
    }


def main():
    deed, database = sys.argv[1:]
    os.chdir(os.path.dirname(database))
    uri = f"sqlite:///{database}"
    os.environ["MLFLOW_TRACKING_URI"] = uri
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    json.dump(make(client) if deed == "make" else say(client), sys.stdout)


if __name__ == "__main__":
    main()
