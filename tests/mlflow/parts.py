"""Writes runs whose parts a clean-up takes, and tells what MLflow shows of them.

    python parts.py write URI      six runs that ended long ago, one with a long metric; prints their ids
    python parts.py change URI A B lets MLflow tag the run A with mltidy.pin, and delete the run B
    python parts.py read URI       prints what MLflow shows: runs with their values, by the metric, and histories
"""

import json
import sys
import time

from mlflow.entities import Metric, ViewType
from mlflow.tracking import MlflowClient

job, uri, *ids = sys.argv[1:]
client = MlflowClient(uri, registry_uri=uri)
OLD = int(time.time() * 1000) - 90 * 86_400_000


def write():
    experiment = client.create_experiment("parts")
    made = []
    for number in range(6):
        run = client.create_run(experiment, start_time=OLD, run_name=f"run-{number}").info.run_id
        client.log_metric(run, "auc", number / 10, OLD, 0)
        if number == 0:
            values = [float("nan") if step == 900 else ((step * 37) % 1009) / 7 for step in range(2500)]
            points = [Metric("curve", value, OLD + step, min(step, 2490)) for step, value in enumerate(values)]
            for at in range(0, len(points), 500):
                client.log_batch(run, points[at : at + 500])
        client.set_terminated(run, "FINISHED", OLD + 1000)
        made.append(run)
    # A database would give the id of its newest experiment to the next one.
    client.create_experiment("newest")
    return made


def read():
    experiment = client.get_experiment_by_name("parts").experiment_id
    shown = {}
    for name, view in [("active", ViewType.ACTIVE_ONLY), ("deleted", ViewType.DELETED_ONLY)]:
        runs = client.search_runs([experiment], "", view, order_by=["metrics.curve DESC", "metrics.auc DESC"])
        shown[name] = [[run.info.run_name, sorted(run.data.metrics.items())] for run in runs]
    first = client.search_runs([experiment], "metrics.curve > -1", ViewType.ALL)
    shown["found"] = [run.info.run_name for run in first]
    for run in first:
        history = client.get_metric_history(run.info.run_id, "curve")
        shown["history"] = sorted([point.step, point.timestamp, str(point.value)] for point in history)
    return shown


if job == "write":
    print(json.dumps(write()))
elif job == "change":
    client.set_tag(ids[0], "mltidy.pin", "")
    client.delete_run(ids[1])
    print("[]")
else:
    print(json.dumps(read()))
