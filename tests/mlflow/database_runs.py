"""Lets MLflow keep runs in a database: a file of SQLite, or what a URI names.

    python database_runs.py make DATABASE         runs of all kinds, long ago; prints nothing
    python database_runs.py delete DATABASE RUN…  deletes runs as MLflow does
    python database_runs.py say DATABASE          prints what MLflow shows, as one JSON document
"""

import json
import sys

from mlflow import MlflowClient
from mlflow.entities import ViewType

LONG_AGO = 1_600_000_000_000


def make(client):
    experiment = client.create_experiment("이탈 예측")
    parent = None
    for number, status in enumerate(["FINISHED", "FAILED", "KILLED", "RUNNING", "FINISHED"]):
        tags = {"mlflow.user": "kim"}
        if number == 1:
            tags["mlflow.parentRunId"] = parent
        run = client.create_run(experiment, start_time=LONG_AGO, run_name=f"run-{number}", tags=tags)
        run_id = run.info.run_id
        parent = parent or run_id
        client.log_param(run_id, "lr", 0.1)
        for step in range(5):
            client.log_metric(run_id, "loss", 1 / (step + 1), step=step, timestamp=LONG_AGO + step)
        if status != "RUNNING":
            client.set_terminated(run_id, status, end_time=LONG_AGO + 1000)
    client.create_registered_model("churn")
    client.create_model_version("churn", f"runs:/{run_id}/model", run_id)


def say(client):
    experiments = client.search_experiments(view_type=ViewType.ALL)
    ids = [one.experiment_id for one in experiments]

    def runs(view):
        found = client.search_runs(ids, run_view_type=view, max_results=1000)
        told = [[one.info.run_id, one.info.status, one.data.params, one.data.metrics] for one in found]
        return sorted(told, key=lambda run: run[0])

    said = {
        "experiments": [one.name for one in experiments],
        "active": runs(ViewType.ACTIVE_ONLY),
        "deleted": runs(ViewType.DELETED_ONLY),
        "versions": [one.run_id for one in client.search_model_versions()],
    }
    json.dump(said, sys.stdout)


def main():
    deed, database, *runs = sys.argv[1:]
    client = MlflowClient(database if "://" in database else f"sqlite:///{database}")
    if deed == "say":
        return say(client)
    if deed == "make":
        make(client)
    for run in runs:
        client.delete_run(run)
    print("{}")


if __name__ == "__main__":
    main()
