"""Logs with real MLflow until a file appears, and prints all that it was told was logged as one JSON
document: {run id: {"status", "params": {key: value}, "metrics": {key: [[timestamp, value, step]]}}}.

MLflow lists the store on every call, and raises when a directory goes while it looks; such a call is
told to have failed, and what it was to log does not count.

    python log_until.py STORE EXPERIMENT STOP

One run goes on for the whole time, others start and end beside it.
"""

import json
import os
import pathlib
import sys
import time

from mlflow import MlflowClient


def log_until(store, name, stop):
    client = MlflowClient(pathlib.Path(store).absolute().as_uri())
    experiment = client.create_experiment(name)
    logged = {}

    def start():
        while True:
            try:
                run_id = client.create_run(experiment).info.run_id
            except Exception:
                continue
            logged[run_id] = {"status": "RUNNING", "params": {}, "metrics": {}}
            return run_id

    def succeeds(call, *args):
        try:
            call(*args)
        except Exception:
            return False
        return True

    def metric(run_id, key, value, step):
        timestamp = int(time.time() * 1000)
        if succeeds(client.log_metric, run_id, key, value, timestamp, step):
            logged[run_id]["metrics"].setdefault(key, []).append([timestamp, value, step])

    long_run = start()
    round_number = 0
    while not os.path.exists(stop):
        run_id = start()
        if succeeds(client.log_param, run_id, "round", str(round_number)):
            logged[run_id]["params"]["round"] = str(round_number)
        for step in range(5):
            metric(run_id, "loss", 1.0 / (step + 1), step)
            metric(long_run, "progress", float(round_number), step)
        if succeeds(client.set_terminated, run_id):
            logged[run_id]["status"] = "FINISHED"
        round_number += 1
        # Enough to disturb, and not so much that copying it takes minutes.
        time.sleep(0.1)
    return logged


if __name__ == "__main__":
    json.dump(log_until(*sys.argv[1:]), sys.stdout)
