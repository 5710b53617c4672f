"""Starts MLflow's server on a database of SQLite, logs through it with several clients until a file appears,
asks it for all that it has acknowledged, and prints one JSON document:

    {"runs": {run id: {"stage", "params", "metrics", "tags", "artifact"}}, "missing": […], "errors": […]}

    python log_to_server.py DATABASE ARTIFACTS EXPERIMENT STOP

Half of the runs go into EXPERIMENT, which is there, the others into a new one. Nothing is tried twice: what
fails but once is told of, as is what the server says of a lock. The file STOP.begun says that all clients log.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric

CLIENTS = 2


def start(database, artifacts, log):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    server = subprocess.Popen(
        [
            *[sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)],
            *["--workers", "1", "--backend-store-uri", f"sqlite:///{database}"],
            *["--artifacts-destination", artifacts],
        ],
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    uri = f"http://127.0.0.1:{port}"
    for _ in range(1200):
        if server.poll() is not None:
            sys.exit(f"The server ended with {server.returncode}")
        try:
            with urllib.request.urlopen(f"{uri}/health", timeout=60):
                return server, uri
        except OSError:
            time.sleep(0.1)
    os.killpg(server.pid, signal.SIGKILL)
    sys.exit("The server did not answer within two minutes")


def log_until(stop, uri, experiments, runs, errors, begun):
    client = MlflowClient(uri)
    number = 0
    try:
        while not os.path.exists(stop):
            run_id = client.create_run(experiments[number % len(experiments)]).info.run_id
            run = {"stage": "active", "params": {}, "metrics": {}, "tags": {}, "artifact": None}
            runs[run_id] = run
            client.log_param(run_id, "number", number)
            run["params"]["number"] = str(number)
            for step in range(3):
                point = [int(time.time() * 1000), 1 / (step + 1), step]
                client.log_batch(run_id, metrics=[Metric("loss", point[1], point[0], step)])
                run["metrics"].setdefault("loss", []).append(point)
            client.set_tag(run_id, "kind", "live")
            run["tags"]["kind"] = "live"
            client.log_text(run_id, f"of {run_id}", "note.txt")
            run["artifact"] = f"of {run_id}"
            client.set_terminated(run_id)
            if number % 5 == 4:
                client.delete_run(run_id)
                run["stage"] = "deleted"
            begun.set()
            number += 1
    except Exception:
        errors.append(traceback.format_exc())
        begun.set()


def missing(client, runs):
    for run_id, known in runs.items():
        run = client.get_run(run_id)
        said = {"params": run.data.params, "tags": run.data.tags}
        for kind in said:
            for key, value in known[kind].items():
                if said[kind].get(key) != value:
                    yield f"{run_id}: {kind} {key}"
        for key, points in known["metrics"].items():
            history = [[one.timestamp, one.value, one.step] for one in client.get_metric_history(run_id, key)]
            for point in points:
                if point not in history:
                    yield f"{run_id}: metric {key} {point}"
        if run.info.lifecycle_stage != known["stage"]:
            yield f"{run_id}: {run.info.lifecycle_stage} and not {known['stage']}"
        if known["artifact"] and [one.path for one in client.list_artifacts(run_id)] != ["note.txt"]:
            yield f"{run_id}: artifacts"


def main():
    database, artifacts, experiment, stop = sys.argv[1:]
    # The client prints where each run can be seen.
    printed, sys.stdout = sys.stdout, sys.stderr
    with tempfile.TemporaryFile("w+") as log:
        server, uri = start(database, artifacts, log)
        try:
            # MLflow 2 asks this for artifacts, whatever a client was told.
            mlflow.set_tracking_uri(uri)
            client = MlflowClient(uri)
            experiments = [experiment, client.create_experiment("live")]
            runs, errors = {}, []
            begun = [threading.Event() for _ in range(CLIENTS)]
            threads = [
                threading.Thread(target=log_until, args=(stop, uri, experiments, runs, errors, one))
                for one in begun
            ]
            for thread in threads:
                thread.start()
            for one in begun:
                one.wait()
            pathlib.Path(f"{stop}.begun").touch()
            for thread in threads:
                thread.join()
            lost = list(missing(client, dict(runs)))
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()
        log.seek(0)
        errors += [line for line in log if "database is locked" in line]
    json.dump({"runs": runs, "missing": lost, "errors": errors}, printed)


if __name__ == "__main__":
    main()
