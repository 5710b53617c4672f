"""Logged models of MLflow 3: make STORE writes some, ask STORE... tells what MLflow shows of each store.

MLflow 2 knows no logged models: it makes the runs alone, and tells of the runs alone.
"""

import json
import os
import sys
import tempfile

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException

NAMES = ["kept", "follows", "deleted", "registered", "input", "pinned"]


def client_of(store):
    uri = f"file://{store}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return MlflowClient(uri, uri)


def has_models(client):
    return hasattr(client, "create_logged_model")


def make(store):
    client = client_of(store)
    experiment = client.create_experiment("trees")
    runs = {}
    models = {}
    for name in NAMES:
        run = client.create_run(experiment, run_name=name)
        runs[name] = run.info.run_id
        client.log_metric(run.info.run_id, "f1", 0.5)
        if has_models(client):
            models[name] = make_model(client, experiment, name, run.info.run_id)
        client.set_terminated(run.info.run_id)
    if has_models(client):
        from mlflow.entities import LoggedModelInput

        user = client.create_run(experiment, run_name="user")
        client.log_inputs(user.info.run_id, models=[LoggedModelInput(models["input"])])
        client.set_terminated(user.info.run_id)
        client.create_registered_model("churn")
        client.create_model_version("churn", f"models:/{models['registered']}", model_id=models["registered"])
        client.set_logged_model_tags(models["pinned"], {"mltidy.pin": ""})
        client.delete_logged_model(models["deleted"])
    for name in ["follows", "registered", "input", "pinned"]:
        client.delete_run(runs[name])
    return {"experiment": experiment, "runs": runs, "models": models}


def make_model(client, experiment, name, run):
    from mlflow.entities import LoggedModelOutput

    model = client.create_logged_model(experiment, name=name, source_run_id=run, params={"depth": "3"})
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "MLmodel"), "w") as file:
            file.write("flavors: {}\n")
        client.log_model_artifacts(model.model_id, folder)
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run, [LoggedModelOutput(model.model_id, 0)])
    return model.model_id


def ask(store):
    client = client_of(store)
    (experiment,) = [e for e in client.search_experiments() if e.name == "trees"]
    runs = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)
    answer = {"runs": {run.info.run_name: tell_run(client, run) for run in runs}}
    if not has_models(client):
        return answer
    shown = client.search_logged_models([experiment.experiment_id])
    answer["models"] = {model.name: tell_model(client, model) for model in shown}
    version = client.get_model_version("churn", "1")
    answer["version"] = [version.source, version.model_id]
    return answer


def tell_run(client, run):
    outputs = getattr(run, "outputs", None)
    inputs = getattr(run.inputs, "model_inputs", None)
    return {
        "id": run.info.run_id,
        "stage": run.info.lifecycle_stage,
        "metrics": client.get_run(run.info.run_id).data.metrics,
        "outputs": [one.model_id for one in outputs.model_outputs] if outputs else [],
        "inputs": [one.model_id for one in inputs or []],
    }


def tell_model(client, model):
    found = client.get_logged_model(model.model_id)
    try:
        files = [file.path for file in client.list_logged_model_artifacts(model.model_id)]
    except MlflowException as error:
        files = str(error)
    return {
        "id": found.model_id,
        "run": found.source_run_id,
        "status": str(found.status),
        "tags": found.tags,
        "params": found.params,
        "files": files,
    }


command, *stores = sys.argv[1:]
print(json.dumps(make(stores[0]) if command == "make" else [ask(store) for store in stores]))
