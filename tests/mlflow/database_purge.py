"""Lets MLflow keep what is purged some day in a database of SQLite.

    python database_purge.py make DIRECTORY   a store with a row of nearly every kind; prints what it is of
    python database_purge.py say DIRECTORY    prints what MLflow shows, as one JSON document
    python database_purge.py settle DIRECTORY restores the runs that a clean-up keeps in the trash, and says the same
    python database_purge.py gc DIRECTORY     lets `mlflow gc` purge what is deleted; prints nothing
    python database_purge.py lose DIRECTORY   deletes the experiment of most runs, and does the same

Where `ARTIFACT_ROOT` is set, artifacts lie there, else in `mlruns` beside the database, which is `mlflow.db` in the directory.
"""

import contextlib
import json
import os
import pathlib
import sys
import tempfile

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException

THREE = int(mlflow.__version__.split(".")[0]) >= 3


def client_of(directory):
    os.chdir(directory)
    if "ARTIFACT_ROOT" in os.environ:
        mlflow.tracking._tracking_service.utils.DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH = os.environ[
            "ARTIFACT_ROOT"
        ]
    uri = f"sqlite:///{directory}/mlflow.db"
    mlflow.set_tracking_uri(uri)
    return MlflowClient(uri)


def make(client):
    main = client.create_experiment("이탈 예측")
    old = client.create_experiment("old", tags={"mlflow.note.content": "노트"})
    client.create_experiment("newest")
    runs = {}
    models = {}
    for experiment, names in [(main, ["gone", "registered", "parent", "stays"]), (old, ["inOld"])]:
        for name in names:
            tags = {"mlflow.parentRunId": runs["parent"]} if name == "stays" else {}
            runs[name] = make_run(client, experiment, name, tags)
            if THREE:
                models[name] = make_model(client, experiment, name, runs[name])
    client.create_registered_model("churn")
    uri = client.get_run(runs["registered"]).info.artifact_uri
    client.create_model_version("churn", f"{uri}/model", runs["registered"])
    client.set_registered_model_alias("churn", "champion", "1")
    if THREE:
        make_trace(client, main, runs["stays"])
        make_trace(client, old, runs["inOld"])
        client.delete_logged_model(models["stays"])
    for name in ["gone", "registered", "parent"]:
        client.delete_run(runs[name])
    client.delete_experiment(old)
    return {"main": main, "old": old, "runs": runs, "models": models}


def make_run(client, experiment, name, tags):
    run_id = client.create_run(experiment, run_name=name, tags=tags).info.run_id
    client.log_param(run_id, "lr", 0.1)
    for step, value in enumerate([0.5, float("nan"), float("inf")]):
        client.log_metric(run_id, "loss", value, step=step)
    dataset = mlflow.data.from_numpy(__import__("numpy").arange(3), name=f"data-{name}")
    tag = mlflow.entities.InputTag("mlflow.data.context", "train")
    entity = mlflow.entities.DatasetInput(dataset._to_mlflow_entity(), [tag])
    client.log_inputs(run_id, [entity])
    client.log_text(run_id, f"report of {name}\n", "report.txt")
    client.log_text(run_id, "flavors: {}\n", "model/MLmodel")
    client.set_terminated(run_id)
    return run_id


def make_model(client, experiment, name, run_id):
    from mlflow.entities import LoggedModelOutput

    model = client.create_logged_model(experiment, name=name, source_run_id=run_id, params={"depth": "3"})
    with tempfile.TemporaryDirectory() as files:
        (pathlib.Path(files) / "MLmodel").write_text("flavors: {}\n")
        client.log_model_artifacts(model.model_id, files)
    client.finalize_logged_model(model.model_id, "READY")
    client.log_metric(run_id, "acc", 0.9, model_id=model.model_id)
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    return model.model_id


def make_trace(client, experiment, run_id):
    span = client.start_trace("answer", inputs={"q": "왜?"}, experiment_id=experiment)
    inner = client.start_span("look up", span.trace_id, parent_id=span.span_id)
    client.end_span(span.trace_id, inner.span_id)
    client.end_trace(span.trace_id, outputs={"a": "그냥"})
    client.set_trace_tag(span.trace_id, "checked", "yes")
    mlflow.log_feedback(trace_id=span.trace_id, name="right", value=True)
    return span.trace_id


def say(client, directory):
    experiments = client.search_experiments(view_type=ViewType.ALL)
    ids = [one.experiment_id for one in experiments]

    def names(view):
        found = client.search_runs(ids, run_view_type=view, max_results=1000)
        for one in found:
            client.list_artifacts(one.info.run_id)
        return sorted(one.info.run_name for one in found)

    version = client.get_model_version_by_alias("churn", "champion")
    uri = f"models:/{version.name}/{version.version}"
    # In place, MLflow would write beside what it loads.
    files = mlflow.artifacts.download_artifacts(uri, dst_path=tempfile.mkdtemp(dir=directory))
    store = client._tracking_client.store
    said = {
        "experiments": sorted(one.name for one in experiments),
        "active": names(ViewType.ACTIVE_ONLY),
        "deleted": names(ViewType.DELETED_ONLY),
        "loaded": sorted(os.listdir(files)),
        # What `mlflow gc` would take.
        "rubbish": sorted(store.get_run(run).info.run_name for run in store._get_deleted_runs()),
    }
    if THREE:
        actives = [one.experiment_id for one in experiments if one.lifecycle_stage == "active"]
        said["models"] = sorted(one.name for one in client.search_logged_models(actives))
        said["traces"] = sum(len(client.search_traces([one], max_results=100)) for one in actives)
        said["rubbishModels"] = len(store._get_deleted_logged_models())
    return said


def settle(client):
    for one in client.search_runs([main_of(client)], run_view_type=ViewType.DELETED_ONLY):
        if one.info.run_name != "gone":
            client.restore_run(one.info.run_id)


def main_of(client):
    return client.get_experiment_by_name("이탈 예측").experiment_id


def collect(directory):
    uri = f"sqlite:///{directory}/mlflow.db"
    # Read when its commands are made; MLflow 2 has no option for it.
    os.environ["MLFLOW_TRACKING_URI"] = uri
    from mlflow.cli import gc

    with contextlib.redirect_stdout(sys.stderr):
        gc.main(["--backend-store-uri", uri], standalone_mode=False)


def main():
    deed, directory = sys.argv[1:]
    client = client_of(directory)
    if deed == "settle":
        settle(client)
    if deed == "lose":
        client.delete_experiment(main_of(client))
    if deed in ("gc", "lose"):
        collect(directory)
        said = {}
    else:
        said = make(client) if deed == "make" else say(client, directory)
    json.dump(said, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
