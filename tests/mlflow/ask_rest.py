"""Asks MLflow's UI server about a store over REST and prints what it answers as one JSON document.

    python ask_rest.py STORE EXPERIMENT RUN

Starts the server on a free port, asks what the UI asks for an experiment and for one of its runs, and
stops it. Each answer is `{"status": …, "body": …}`.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

API = "/ajax-api/2.0/mlflow"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(store, port):
    uri = pathlib.Path(store).absolute().as_uri()
    server = subprocess.Popen(
        [
            *[sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri],
            *["--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
        ],
        stdout=sys.stderr,
        start_new_session=True,
    )
    for _ in range(600):
        if server.poll() is not None:
            sys.exit(f"The server ended with {server.returncode}")
        try:
            if request(port, "/health")["status"] == 200:
                return server
        except OSError:
            time.sleep(0.1)
    os.killpg(server.pid, signal.SIGKILL)
    sys.exit("The server did not answer within a minute")


def request(port, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    call = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    try:
        with urllib.request.urlopen(call, timeout=60) as response:
            return {"status": response.status, "body": decoded(response.read())}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": decoded(error.read())}


def decoded(content):
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


def ask(port, experiment, run):
    def get(resource, **query):
        return request(port, f"{resource}?{urllib.parse.urlencode(query)}")

    answers = {
        "experiments": request(port, f"{API}/experiments/search", {"max_results": 100}),
        "experiment": get(f"{API}/experiments/get", experiment_id=experiment),
        "runs": request(port, f"{API}/runs/search", {"experiment_ids": [experiment]}),
        "run": get(f"{API}/runs/get", run_id=run),
        "artifacts": get(f"{API}/artifacts/list", run_id=run),
    }
    metrics = answers["run"]["body"].get("run", {}).get("data", {}).get("metrics", [])
    for key in {metric["key"] for metric in metrics}:
        history = get(f"{API}/metrics/get-history", run_id=run, metric_key=key)
        answers[f"history of {key}"] = history
    for file in answers["artifacts"]["body"].get("files", []):
        if not file["is_dir"]:
            answers[f"file {file['path']}"] = get("/get-artifact", run_id=run, path=file["path"])
    return answers


def main():
    store, experiment, run = sys.argv[1:]
    port = free_port()
    server = start(store, port)
    try:
        answers = ask(port, experiment, run)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
    json.dump(answers, sys.stdout, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
