"""Lets real MLflow keep the artifacts of a database in the directory of a file store.

    python share_store.py write STORE DATABASE
    python share_store.py ask DATABASE

`write` makes both: runs of 90 days ago in the file store, which MLflow 3 migrates into the database, and
runs of the database. `ask` prints each run of the database, deleted ones included, with its artifacts.
"""

import contextlib
import json
import os
import pathlib
import sys
import tempfile
import time

import mlflow
import sqlalchemy.pool
from mlflow import MlflowClient
from mlflow.cli import cli
from mlflow.entities import ViewType

DAY = 86_400_000
BEGINNING = int(time.time() * 1000) - 90 * DAY
THREE = int(mlflow.__version__.split(".")[0]) >= 3

# MLflow 2 asks SQLAlchemy for a pool that 2.1 no longer has, and uses it nowhere here.
if not hasattr(sqlalchemy.pool, "FallbackAsyncAdaptedQueuePool"):
    sqlalchemy.pool.FallbackAsyncAdaptedQueuePool = sqlalchemy.pool.AsyncAdaptedQueuePool


def add_run(client, experiment, name):
    run = client.create_run(experiment, start_time=BEGINNING, run_name=name)
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory, "model.txt")
        file.write_text(name)
        client.log_artifact(run.info.run_id, str(file))
    client.set_terminated(run.info.run_id, end_time=BEGINNING + DAY)
    return run.info.run_id


def write(store, database):
    files = MlflowClient(pathlib.Path(store).as_uri())
    rain = files.create_experiment("rain")
    for number in range(2):
        add_run(files, rain, f"file-{number}")
    registered = add_run(files, rain, "file-registered")
    files.delete_run(registered)
    files.delete_run(add_run(files, rain, "file-deleted"))
    gone = files.create_experiment("gone")
    add_run(files, gone, "file-gone")
    files.delete_experiment(gone)
    uri = f"sqlite:///{database}"
    if THREE:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            cli(["migrate-filestore", "--source", store, "--target", uri], standalone_mode=False)
    rows = MlflowClient(uri)
    if THREE:
        add_run(rows, rain, "row-in-migrated")
    for name, location in [
        ("by-uri", pathlib.Path(store, "555").as_uri()),
        ("by-path", f"{store}/556"),
        # A server's artifacts among those of an experiment of the file store.
        ("beside", f"{store}/{rain}"),
    ]:
        experiment = rows.create_experiment(name, artifact_location=location)
        run = add_run(rows, experiment, f"row-{name}")
        rows.delete_run(add_run(rows, experiment, f"deleted-row-{name}"))
        if name == "by-path":
            rows.create_registered_model("model")
            rows.create_model_version("model", f"{location}/{run}/artifacts", run_id=run)
            rows.delete_experiment(experiment)
    # Many keep runs in files, and the registry in a database.
    rows.create_registered_model("of-files")
    rows.create_model_version("of-files", f"{store}/{rain}/{registered}/artifacts")
    return {}


def ask(database):
    client = MlflowClient(f"sqlite:///{database}")
    experiments = client.search_experiments(view_type=ViewType.ALL)
    runs = client.search_runs([each.experiment_id for each in experiments], run_view_type=ViewType.ALL)
    versions = client.search_model_versions()
    return {
        **{
            each.info.run_name: [item.path for item in client.list_artifacts(each.info.run_id)]
            for each in runs
        },
        **{
            f"{each.name} v{each.version}": sorted(os.listdir(each.source))
            for each in versions
        },
    }


if __name__ == "__main__":
    task, *arguments = sys.argv[1:]
    print(json.dumps({"write": write, "ask": ask}[task](*arguments)))
