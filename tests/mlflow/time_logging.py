"""Times MLflow's client on a new file store and prints microseconds per call as one JSON document.

    python time_logging.py STORE ROUNDS

Each figure is the median of ROUNDS rounds.
"""

import json
import pathlib
import statistics
import sys
import time

from mlflow import MlflowClient
from mlflow.entities import Metric

TAGS = {"mlflow.user": "kim", "mlflow.source.name": "train.py", "mlflow.source.type": "LOCAL"}


def timed(rounds, calls, call):
    times = []
    for number in range(rounds):
        start = time.perf_counter()
        for index in range(calls):
            call(number * calls + index)
        times.append((time.perf_counter() - start) / calls * 1e6)
    return statistics.median(times)


def main():
    store, rounds = sys.argv[1], int(sys.argv[2])
    client = MlflowClient(pathlib.Path(store).absolute().as_uri())
    experiment = client.create_experiment("bench")

    def start():
        return client.create_run(experiment, tags=dict(TAGS)).info.run_id

    run = start()

    def batch(call):
        now = int(time.time() * 1000)
        points = [Metric(f"metric {i % 10}", i / 7, now, call * 1000 + i) for i in range(1000)]
        client.log_batch(run, metrics=points)

    client.log_metric(run, "warm", 0.5)
    batch(0)
    client.set_terminated(start())
    figures = {
        "log_metric": timed(rounds, 100, lambda i: client.log_metric(run, "loss", i / 7, step=i)),
        "log_batch": timed(rounds, 5, batch),
        "log_param": timed(rounds, 50, lambda i: client.log_param(run, f"param {i}", i)),
        "set_tag": timed(rounds, 50, lambda i: client.set_tag(run, f"tag {i}", i)),
        "run": timed(rounds, 20, lambda i: client.set_terminated(start())),
    }
    json.dump(figures, sys.stdout)
    print()


if __name__ == "__main__":
    main()
