"""Lets MLflow read the example store out of a database.

    python read_demo.py DATABASE

Prints one JSON document: what it lists and counts, and all that it shows of the run that is called champion.
"""

import collections
import json
import sys

from mlflow import MlflowClient
from mlflow.entities import ViewType


def main():
    (database,) = sys.argv[1:]
    client = MlflowClient(f"sqlite:///{database}")
    experiments = client.search_experiments(view_type=ViewType.ALL)
    ids = [one.experiment_id for one in experiments]
    runs = client.search_runs(ids, run_view_type=ViewType.ALL, max_results=50_000)
    registered = client.get_model_version_by_alias("churn-classifier", "champion")
    champion = client.get_run(registered.run_id)
    history = client.get_metric_history(champion.info.run_id, "auc")
    said = {
        "perExperiment": collections.Counter(run.info.experiment_id for run in runs),
        "byStatus": collections.Counter(run.info.status for run in runs),
        "registeredModels": [one.name for one in client.search_registered_models()],
        "versions": len(client.search_model_versions()),
        "champion": {
            "name": champion.info.run_name,
            "parent": client.get_run(champion.data.tags["mlflow.parentRunId"]).info.run_name,
            "latest": champion.data.metrics["auc"],
            "history": [metric.value for metric in history],
            "artifacts": [one.path for one in client.list_artifacts(champion.info.run_id)],
        },
        # What it makes of the ids that it found, and whether it may write.
        "made": client.create_experiment("made", artifact_location="/nowhere"),
    }
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
