"""Logs one metric, step by step, into a database until a file appears; then reads a copy of that database.

    python log_steps.py DATABASE STOP COPY

Prints one JSON document: how many steps were logged, and how many of them MLflow finds in the copy. Fails when
MLflow cannot log one, as where it waits for too long.
"""

import json
import os
import sys

from mlflow import MlflowClient
from mlflow.entities import ViewType


def main():
    database, stop, copy = sys.argv[1:]
    client = MlflowClient(f"sqlite:///{database}")
    run_id = client.create_run("0", run_name="live").info.run_id
    steps = 0
    while not os.path.exists(stop):
        client.log_metric(run_id, "live", float(steps), step=steps)
        steps += 1
    client.set_terminated(run_id)
    copied = MlflowClient(f"sqlite:///{copy}")
    ids = [one.experiment_id for one in copied.search_experiments(view_type=ViewType.ALL)]
    said = {
        "steps": steps,
        "copied": [metric.step for metric in copied.get_metric_history(run_id, "live")],
        "status": copied.get_run(run_id).info.status,
        "experiments": len(ids),
        "registeredModels": len(copied.search_registered_models()),
    }
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
