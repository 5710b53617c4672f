"""Writes a store with real MLflow, through MLflow's own client alone.

    python write_store.py STORE [--small] [--start ISO-TIME] [--directory DIR]

STORE is a directory that must not exist yet, or the URI of a database that holds nothing. Prints one
JSON document: the ids of what was made, by role. Ids and names are the same in every run. With
--start the clock is as well: it begins there and ticks one second each time that MLflow looks at it.
With --small only what takes few files is written. The artifacts of a database lie in `mlruns` in DIR.
"""

import argparse
import datetime
import json
import os
import pathlib
import random
import sys
import tempfile
import time
import uuid

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

THREE = int(mlflow.__version__.split(".")[0]) >= 3

FOLDED = (
    "고객 이탈 예측: a name of more than eighty columns, which PyYAML breaks at a single space "
    "(그리고 이어지는 줄은 들여 쓴다), with  two spaces, a # and \"quotes\""
)
MLMODEL = "artifact_path: model\nflavors:\n  python_function:\n    loader_module: none\n"


def make_ids_repeatable():
    numbers = random.Random(20260501)
    uuid.uuid4 = lambda: uuid.UUID(int=numbers.getrandbits(128), version=4)
    random.seed(20260501)


def start_clock(start):
    now = [datetime.datetime.fromisoformat(start).timestamp()]

    def tick():
        now[0] += 1
        return now[0]

    time.time = tick


def milliseconds():
    return int(time.time() * 1000)


class Writer:
    """Writes one store and remembers what was made."""

    def __init__(self, store, small):
        uri = store if "://" in store else pathlib.Path(store).absolute().as_uri()
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        self.client = MlflowClient()
        self.client.search_experiments()  # The first look makes the store.
        self.small = small
        self.experiments = {"default": "0"}
        self.runs = {}

    def experiment(self, role, name, tags=None):
        self.experiments[role] = self.client.create_experiment(name, tags=tags)
        return self.experiments[role]

    def run(self, role, experiment_id, name=None, status="FINISHED", parent=None):
        tags = {} if self.small else {"mlflow.user": "김민준", "mlflow.source.name": "train.py"}
        if parent:
            tags["mlflow.parentRunId"] = parent
        run = self.client.create_run(
            experiment_id, start_time=milliseconds(), tags=tags, run_name=name or role
        )
        run_id = run.info.run_id
        self.runs[role] = run_id
        if status in ("FINISHED", "FAILED", "KILLED"):
            self.client.set_terminated(run_id, status=status, end_time=milliseconds())
        elif status == "SCHEDULED":
            self.client.update_run(run_id, status=status)
        return run_id

    def values(self, run_id):
        """What training logs: metrics with steps, params, tags and artifacts."""
        points = [(0, 0.5), (1, 1e-07), (2, 1e22), (-1, float("nan")), (3, float("inf"))]
        if self.small:
            points = points[:2]
        now = milliseconds()
        self.client.log_batch(
            run_id,
            metrics=[Metric("val/loss", value, now + step, step) for step, value in points],
            params=[Param("lr", "1e-3"), Param("설명", "여러 줄\n값"), Param("empty", "")],
            tags=[RunTag("team/이름", "데이터 팀\n둘째 줄 ")],
        )
        self.client.log_text(run_id, "accuracy: 0.9\n", "reports/요약.txt")
        if not self.small:
            self.client.log_metric(run_id, "acc", 0.9)
            self.client.log_dict(run_id, {"weights": list(range(200))}, "reports/weights.json")

    def dataset(self, run_id):
        dataset = Dataset(
            name="고객 표",
            digest="a1b2c3d4",
            source_type="local",
            source='{"uri": "customers.csv"}',
            schema='{"mlflow_colspec": [{"type": "double", "name": "age"}]}',
            profile='{"num_rows": 3}',
        )
        self.client.log_inputs(
            run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "train")])]
        )

    def registry(self, run_id):
        """Three versions of one model: the second has the alias, the third is deleted."""
        name = "이탈 분류기"
        self.client.log_text(run_id, MLMODEL, "model/MLmodel")
        self.client.create_registered_model(name, tags={"owner": "데이터 팀"}, description="a: b")
        for _ in range(3):
            self.client.create_model_version(name, f"runs:/{run_id}/model", run_id)
        self.client.set_registered_model_alias(name, "champion", "2")
        self.client.set_model_version_tag(name, "2", "checked", "yes")
        self.client.delete_model_version(name, "3")
        return {"name": name, "alias": "champion", "version": "2", "deletedVersion": "3"}

    def logged_model(self, experiment_id, run_id):
        """A model of MLflow 3's own kind, with its files, metrics, params and tags."""
        from mlflow.entities import LoggedModelOutput  # Unknown to MLflow 2.

        model = self.client.create_logged_model(
            experiment_id,
            name="boosted",
            source_run_id=run_id,
            params={"depth": "3"},
            tags={"stage": "후보"},
        )
        with tempfile.TemporaryDirectory() as files:
            (pathlib.Path(files) / "MLmodel").write_text(MLMODEL)
            self.client.log_model_artifacts(model.model_id, files)
        self.client.finalize_logged_model(model.model_id, "READY")
        self.client.log_metric(run_id, "acc", 0.91, step=4, model_id=model.model_id)
        self.client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=4)])
        self.client.create_model_version(
            "이탈 분류기", f"models:/{model.model_id}", run_id, model_id=model.model_id
        )
        return model.model_id

    def trace(self, experiment_id):
        start = milliseconds() * 1_000_000
        span = self.client.start_trace(
            "answer", inputs={"q": "왜?"}, experiment_id=experiment_id, start_time_ns=start
        )
        end = start + 5_000_000
        self.client.end_trace(span.trace_id, outputs={"a": "그냥"}, end_time_ns=end)
        return span.trace_id


def write(store, small):
    writer = Writer(store, small)
    client = writer.client
    made = {"mlflow": mlflow.__version__}

    main = writer.experiment("main", FOLDED, {"mlflow.note.content": "노트: 하나\n둘", "팀": "a/b"})
    parent = writer.run("parent", main, "1e5")
    child = writer.run("child", main, "'quoted': yes", parent=parent)
    registered = writer.run("registered", main, "모델을 담은 실행")
    writer.values(child)
    writer.dataset(child)
    writer.run("running", main, status="RUNNING")
    writer.run("removed", main, "0899")
    made["registry"] = writer.registry(registered)

    gone = writer.experiment("deleted", "2024-01-01")
    writer.run("inDeleted", gone)
    writer.experiment("empty", "null", {"why": "no run yet"})

    if not small:
        writer.run("inDefault", "0")
        writer.run("grandchild", main, parent=child)
        writer.run("failed", main, status="FAILED")
        writer.run("killed", main, status="KILLED")
        writer.run("scheduled", main, status="SCHEDULED")
        for role in ("parent", "grandchild", "failed"):
            writer.values(writer.runs[role])
        writer.experiment("alsoEmpty", "1_000: the second without a run")
        back = writer.experiment("restored", "- deleted, then restored")
        writer.run("inRestored", back)
        client.delete_experiment(back)
        client.restore_experiment(back)
        writer.run("twiceDeleted", back)
        client.delete_run(writer.runs["twiceDeleted"])
        client.restore_run(writer.runs["twiceDeleted"])

    if THREE:
        made["loggedModel"] = writer.logged_model(main, child)
        made["trace"] = writer.trace(main)

    client.delete_run(writer.runs["removed"])
    client.delete_experiment(gone)
    return {**made, "experiments": writer.experiments, "runs": writer.runs}


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("store")
    flags.add_argument("--small", action="store_true")
    flags.add_argument("--start")
    flags.add_argument("--directory", default=".")
    options = flags.parse_args()
    if os.path.lexists(options.store):
        sys.exit(f"Cannot write a store at {options.store}: something is there already")
    make_ids_repeatable()
    os.chdir(options.directory)
    if options.start:
        start_clock(options.start)
    made = write(options.store, options.small)
    json.dump(made, sys.stdout, ensure_ascii=False, indent=2)
    print()


if __name__ == "__main__":
    main()
