"""A model that is really loaded: make STORE logs and registers one, load STORE asks it for an answer."""

import json
import sys

import mlflow
from mlflow import MlflowClient
from mlflow.pyfunc import PythonModel

NAME = "churn classifier"


class Twice(PythonModel):
    def predict(self, context, model_input, params=None):
        return [2 * value for value in model_input]


def make():
    client = MlflowClient()
    mlflow.set_experiment("churn")
    runs = []
    for number in range(6):
        with mlflow.start_run(run_name=f"run-{number}") as run:
            mlflow.log_metric("f1", number / 10)
            mlflow.log_param("model", "cnn" if number % 2 else "gru")
            if number == 0:
                mlflow.pyfunc.log_model(
                    "model",
                    python_model=Twice(),
                    pip_requirements=["mlflow"],
                    registered_model_name=NAME,
                )
        runs.append(f"{run.info.experiment_id}/{run.info.run_id}")
    client.set_registered_model_alias(NAME, "champion", "1")
    return {"runs": runs}


def load():
    model = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    answer = model.unwrap_python_model().predict(None, [1, 21])
    client = MlflowClient()
    run = client.get_run(client.get_model_version_by_alias(NAME, "champion").run_id)
    return {"answer": answer, "stage": run.info.lifecycle_stage}


command, store = sys.argv[1:]
mlflow.set_tracking_uri(f"file://{store}")
mlflow.set_registry_uri(f"file://{store}")
print(json.dumps({"make": make, "load": load}[command]()))
