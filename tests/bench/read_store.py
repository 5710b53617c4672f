"""Reads a store as MLflow's own client does, and prints what it holds as one JSON document.

    python read_store.py STORE

STORE is the directory of a file store, or the URI of a database.

A run comes from the client whole or not at all, so that counting runs and reading everything are one.
"""

import collections
import json
import pathlib
import sys

from mlflow import MlflowClient
from mlflow.entities import ViewType

MOST = 50_000


def pages(search):
    token = None
    while True:
        page = search(token)
        yield from page
        token = page.token
        if not token:
            return


def main():
    store = sys.argv[1]
    uri = store if "://" in store else pathlib.Path(store).absolute().as_uri()
    client = MlflowClient(uri)
    experiments = list(
        pages(lambda token: client.search_experiments(ViewType.ALL, MOST, page_token=token))
    )
    ids = [experiment.experiment_id for experiment in experiments]
    statuses, counts = collections.Counter(), collections.Counter()
    for run in pages(lambda token: client.search_runs(ids, "", ViewType.ALL, MOST, None, token)):
        statuses[run.info.status] += 1
        counts["metrics"] += len(run.data.metrics)
        counts["params"] += len(run.data.params)
        counts["tags"] += len(run.data.tags)
    json.dump({"experiments": len(experiments), "byStatus": statuses, "counts": counts}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
