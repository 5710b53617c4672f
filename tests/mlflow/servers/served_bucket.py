"""Lets a tracking server hand artifacts on to a bucket, and says what it hands out and what is in it.

    python served_bucket.py make URI SCRIPTS BUCKET ROOT   experiments, runs and models, some of them deleted; prints what
                                                           they are and says the same
    python served_bucket.py say URI SCRIPTS BUCKET ROOT    prints what the server answers of each run and hands out of
                                                           its artifacts, and every object with all that is known of it
"""

import contextlib
import json
import os
import pathlib
import sys
import tempfile
import time

import boto3
import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

THREE = int(mlflow.__version__.split(".")[0]) >= 3


def main(word, uri, scripts, bucket, root):
    sys.path.insert(0, scripts)
    import bucket as objects

    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    s3 = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
    made = make(client, lambda key: objects.put(s3, bucket, f"{root}/{key}", "left.txt")) if word == "make" else None
    return {"made": made, "shown": show(client), "objects": objects.say(s3, bucket)}


def make(client, put):
    main_id = client.create_experiment("main")
    old = client.create_experiment("old")
    client.create_experiment("newest")
    runs = {name: make_run(client, main_id, name) for name in ["gone", "stays"]}
    runs["inOld"] = make_run(client, old, "inOld")
    models = {}
    if THREE:
        models = {name: make_model(client, main_id, name, runs["stays"]) for name in ["lost", "kept"]}
        client.delete_logged_model(models["lost"])
    # What `mlflow gc` may leave: no row names it, and a run has begun since.
    put(f"{main_id}/{'0' * 32}/artifacts")
    client.create_run(main_id, run_name="last", start_time=int(time.time() * 1000) + 1000)
    client.delete_run(runs["gone"])
    client.delete_experiment(old)
    return {"main": main_id, "old": old, "runs": runs, "models": models}


def make_run(client, experiment, name):
    run_id = client.create_run(experiment, run_name=name).info.run_id
    assert client.get_run(run_id).info.artifact_uri.startswith("mlflow-artifacts:/")
    client.log_metric(run_id, "loss", 0.5)
    client.log_text(run_id, f"report of {name}\n", "report.txt")
    # A server of MLflow 2 hands out no name beyond ASCII.
    client.log_text(run_id, "flavors: {}\n", "model/a + b (1).txt")
    client.set_terminated(run_id)
    return run_id


def make_model(client, experiment, name, run_id):
    model = client.create_logged_model(experiment, name=name, source_run_id=run_id)
    with tempfile.TemporaryDirectory() as files:
        (pathlib.Path(files) / "MLmodel").write_text(f"flavors: {name}\n")
        client.log_model_artifacts(model.model_id, files)
    client.finalize_logged_model(model.model_id, "READY")
    return model.model_id


def show(client):
    experiments = client.search_experiments(view_type=ViewType.ALL)
    ids = [one.experiment_id for one in experiments]
    runs = client.search_runs(ids, run_view_type=ViewType.ALL, max_results=1000)
    models = client.search_logged_models(ids) if THREE else []
    return {
        "experiments": sorted([one.name, one.lifecycle_stage] for one in experiments),
        "runs": {
            one.info.run_name: [one.info.lifecycle_stage, hand_out_of(client, one.info)] for one in runs
        },
        "models": {one.name: hand_out(one.artifact_location) for one in models},
    }


def hand_out_of(client, run):
    # Of what is not there MLflow asks again and again.
    return hand_out(run.artifact_uri) if client.list_artifacts(run.run_id) else {}


def hand_out(uri):
    with tempfile.TemporaryDirectory() as files:
        mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=files)
        found = sorted(one for one in pathlib.Path(files).rglob("*") if one.is_file())
        return {str(one.relative_to(files)): one.read_text() for one in found}


if __name__ == "__main__":
    # MLflow tells people of a run that ends.
    with contextlib.redirect_stdout(sys.stderr):
        said = main(*sys.argv[1:])
    print(json.dumps(said))
