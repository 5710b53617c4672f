"""Trains with real MLflow what another program may go on with, and prints it as one JSON document.

    python train.py STORE NAME [--run ID]

Sets the experiment NAME by MLflow's fluent interface and starts a run in it, or goes on with a run.
Logs one of everything and leaves the run FINISHED.
"""

import argparse
import json
import pathlib
import sys

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag


def train(store, name, run_id):
    mlflow.set_tracking_uri(pathlib.Path(store).absolute().as_uri())
    experiment = mlflow.set_experiment(name)
    with mlflow.start_run(run_id=run_id, run_name=None if run_id else "by MLflow") as run:
        mlflow.log_param("epochs", 3)
        mlflow.log_metrics({"loss": 0.25, "val/f1": 1.0}, step=7)
        mlflow.log_metric("loss", 1e-07, step=8)
        mlflow.set_tag("stage", "by MLflow")
        mlflow.log_text("by MLflow\n", "notes/mlflow.txt")
        dataset = Dataset(name="표", digest="00ff", source_type="local", source="{}")
        mlflow.MlflowClient().log_inputs(
            run.info.run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "test")])]
        )
    return {"experiment": experiment.experiment_id, "run": run.info.run_id}


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("store")
    flags.add_argument("name")
    flags.add_argument("--run")
    options = flags.parse_args()
    json.dump(train(options.store, options.name, options.run), sys.stdout)
    print()


if __name__ == "__main__":
    main()
