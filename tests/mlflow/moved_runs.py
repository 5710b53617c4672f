"""Makes runs that can be moved into another experiment, and tells what MLflow shows of one.

    moved_runs.py begin URI           an experiment with a run
    moved_runs.py there URI           the same as make, with artifacts where MLflow puts them by itself
    moved_runs.py make URI            two experiments, of which one has runs, with all that belongs to them
    moved_runs.py say URI EXPERIMENT  what MLflow shows of it, by the names of its runs
"""

import json
import logging
import os
import sys
import warnings

warnings.simplefilter("ignore")

import mlflow
from mlflow import MlflowClient

IS_THREE = int(mlflow.__version__.split(".")[0]) >= 3


class Doubling(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


def beside(uri):
    """Artifacts lie where MLflow is started that writes into a database."""
    if uri.startswith("sqlite:"):
        os.chdir(os.path.dirname(uri.removeprefix("sqlite:///")))


def begin(uri):
    import numpy

    beside(uri)
    experiment = mlflow.set_experiment("scratch").experiment_id
    with mlflow.start_run(run_name="mine"):
        mlflow.log_text("hey", "hey.txt")
        mlflow.log_input(mlflow.data.from_numpy(numpy.arange(3), name="rice"), context="train")
    return {"scratch": experiment}


def there(uri):
    beside(uri)
    # Its id is that of another experiment where it is merged.
    mlflow.create_experiment("unused")
    return make(uri, place=None)


def make(uri, **where):
    import numpy

    client = MlflowClient()
    # Beside a database, since each script is run in a directory of its own.
    place = os.path.dirname(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:") else None
    place = where.get("place", place)
    ids = [
        client.create_experiment(name, place and os.path.join(place, "mlruns", name))
        for name in ("scratch", "keepers")
    ]
    mlflow.set_experiment("scratch")
    rice = mlflow.data.from_numpy(numpy.arange(3), name="rice")
    runs = {}
    with mlflow.start_run(run_name="parent") as parent:
        runs["parent"] = parent.info.run_id
        mlflow.log_param("lr", 0.1)
        mlflow.log_metric("loss", 0.5, step=3)
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_input(rice, context="train")
        named = {"name": "model"} if IS_THREE else {"artifact_path": "model"}
        info = mlflow.pyfunc.log_model(python_model=Doubling(), pip_requirements=[], **named)
        mlflow.register_model(info.model_uri, "wheat")
        # It leaves a file in the model the first time.
        mlflow.pyfunc.load_model("models:/wheat/1")
        with mlflow.start_run(run_name="child", nested=True) as child:
            runs["child"] = child.info.run_id
            mlflow.log_text("hi", "hi.txt")
            mlflow.log_input(rice, context="train")

        @mlflow.trace
        def double(number):
            return 2 * number

        double(1)
    with mlflow.start_run(run_name="other") as other:
        runs["other"] = other.info.run_id
        mlflow.log_input(rice, context="train")
    return {"scratch": ids[0], "keepers": ids[1], "runs": runs}


def files_of(client, run, path=None):
    found = client.list_artifacts(run, path)
    return sorted(
        name
        for one in found
        for name in (files_of(client, run, one.path) if one.is_dir else [one.path])
    )


def texts_of(client, run):
    names = [name for name in files_of(client, run) if name.endswith(".txt")]
    return [open(client.download_artifacts(run, name)).read() for name in names]


def say(experiment):
    client = MlflowClient()
    runs = client.search_runs([experiment], run_view_type=3)
    return {run.data.tags["mlflow.runName"]: said(client, experiment, run) for run in runs}


def said(client, experiment, run):
    id = run.info.run_id
    shown = {
        "experiment": run.info.experiment_id,
        "params": run.data.params,
        "metrics": [[one.step, one.value] for key in run.data.metrics
                    for one in client.get_metric_history(id, key)],
        "files": files_of(client, id),
        "texts": texts_of(client, id),
        "datasets": [[one.dataset.name, one.dataset.digest] for one in run.inputs.dataset_inputs],
        "children": sorted(
            child.data.tags["mlflow.runName"]
            for child in client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{id}'")
        ),
        "versions": [
            [one.name, one.version] for one in client.search_model_versions(f"run_id = '{id}'")
        ],
    }
    traces = [one for one in client.search_traces([experiment]) if source_of(one) == id]
    shown["spans"] = [[span.name for span in one.data.spans] for one in traces]
    if IS_THREE:
        models = client.search_logged_models([experiment])
        shown["models"] = [
            [one.name, one.experiment_id] for one in models if one.source_run_id == id
        ]
        shown["outputs"] = len(run.outputs.model_outputs)
    if shown["versions"]:
        shown["predicts"] = mlflow.pyfunc.load_model("models:/wheat/1").predict([7])
    return shown


def source_of(trace):
    metadata = trace.info.trace_metadata if IS_THREE else trace.info.request_metadata
    return metadata.get("mlflow.sourceRun")


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    word, uri, *rest = sys.argv[1:]
    mlflow.set_tracking_uri(uri)
    words = {"begin": begin, "there": there, "make": make}
    print(json.dumps(words[word](uri) if word in words else say(*rest)))
