"""Times MLflow's client in a training loop over a tracking server, and prints milliseconds as one JSON document.

    python time_server_logging.py URI METRICS

A loop logs METRICS points of one metric, one at a time, and ends its run: as the client does by default, and with its
asynchronous logging, which is waited for. `loop` is what the training takes, `all` the same until all has arrived.
"""

import json
import os
import sys
import time

import mlflow


def timed(count, synchronous):
    with mlflow.start_run():
        start = time.perf_counter()
        for step in range(count):
            mlflow.log_metric("loss", step / 7, step=step, synchronous=synchronous)
        loop = time.perf_counter() - start
        if not synchronous:
            mlflow.flush_async_logging()
    return {"loop": loop * 1e3, "all": (time.perf_counter() - start) * 1e3}


def main():
    # What it says of each run would stand between us and the document.
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    uri, count = sys.argv[1], int(sys.argv[2])
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("bench of the client")
    timed(3, True)
    timed(3, False)
    json.dump({"sync": timed(count, True), "async": timed(count, False)}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
