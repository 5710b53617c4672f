"""Soft-deletes runs of a file store through MLflow's own client, one after the other, and prints how long
that took as one JSON document. The runs are restored afterwards, outside of the measured time.

    python delete_runs.py STORE RUNS
"""

import json
import pathlib
import sys
import time

from mlflow import MlflowClient


def main():
    root, wanted = pathlib.Path(sys.argv[1]).absolute(), int(sys.argv[2])
    client = MlflowClient(root.as_uri())
    runs = sorted(meta.parent.name for meta in root.glob("[0-9]*/*/meta.yaml"))
    # From all over the store, since MLflow looks for each in one experiment after the other.
    chosen = runs[:: len(runs) // wanted][:wanted]
    client.get_run(chosen[0])
    start = time.perf_counter()
    for run in chosen:
        client.delete_run(run)
    seconds = time.perf_counter() - start
    for run in chosen:
        client.restore_run(run)
    json.dump({"runs": len(chosen), "seconds": seconds}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
