"""Soft-deletes the old runs of a tracking server through MLflow's own client, one after the other, and prints how
long that took as one JSON document.

    python prune_server.py URI BEFORE checked|bare

BEFORE is epoch ms: what ended before it goes. `checked` does what it takes to know afterwards what was done: it looks
whether a run is still as it was found, tags it with the time of its deletion, deletes it, and looks again. `bare` only
deletes.
"""

import json
import sys
import time

from mlflow import MlflowClient
from mlflow.entities import ViewType


def main():
    uri, before, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    client = MlflowClient(uri)
    start = time.perf_counter()
    experiments = [each.experiment_id for each in client.search_experiments(max_results=1_000)]
    named = {
        version.run_id
        for model in client.search_registered_models()
        for version in client.search_model_versions(f"name = '{model.name}'")
    }
    runs, token = [], None
    while True:
        page = client.search_runs(experiments, "", ViewType.ACTIVE_ONLY, 50_000, None, token)
        runs += page
        token = page.token
        if not token:
            break
    old = [
        run.info
        for run in runs
        if run.info.end_time and run.info.end_time < before and run.info.run_id not in named
    ]
    for info in old:
        if how == "checked":
            found = client.get_run(info.run_id).info
            if (found.status, found.end_time, found.lifecycle_stage) != (
                info.status,
                info.end_time,
                "active",
            ):
                continue
            client.set_tag(info.run_id, "deleted_at", int(time.time() * 1e3))
        client.delete_run(info.run_id)
        if how == "checked":
            assert client.get_run(info.run_id).info.lifecycle_stage == "deleted"
    json.dump({"runs": len(old), "seconds": time.perf_counter() - start}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
