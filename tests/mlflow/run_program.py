"""Trains in a run that it is handed, and ends in one of the ways in which programs end.

    python run_program.py whole|autolog|killed|fails|ends

`whole` starts the run by its arguments, nests one, and starts another; `autolog` lets autologging find
the run, and crashes in C; `killed` dies of SIGKILL; `fails` raises in a run that it never started; `ends`
ends the run itself, then asks what becomes of a run where another experiment or store is set, and prints
that as one JSON value.
"""

import ctypes
import json
import os
import signal
import sys
import tempfile
import warnings

import mlflow


def whole():
    mlflow.set_experiment(os.environ["MLFLOW_EXPERIMENT_NAME"])
    with mlflow.start_run(run_name="own name", tags={"own": "tag"}, description="note"):
        mlflow.log_params({"lr": 0.1, "설명": "값"})
        mlflow.log_metric("loss", 0.5, step=3)
        with mlflow.start_run(nested=True, run_name="trial"):
            mlflow.log_metric("loss", 0.25)
    with mlflow.start_run(run_name="second"):
        mlflow.log_param("lr", 0.2)


def autolog():
    from sklearn.linear_model import LinearRegression

    mlflow.sklearn.autolog(log_models=False, silent=True)
    LinearRegression(positive=True).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    ctypes.string_at(0)


def killed():
    mlflow.start_run()
    mlflow.log_param("lr", 0.1)
    os.kill(os.getpid(), signal.SIGKILL)


def fails():
    mlflow.log_param("lr", 0.1)
    raise ValueError("손실이 NaN입니다")


def ends():
    run = os.environ["MLFLOW_RUN_ID"]
    mlflow.start_run()
    mlflow.end_run("FAILED")

    def start():
        os.environ["MLFLOW_RUN_ID"] = run
        try:
            mlflow.start_run()
        except Exception as error:
            return type(error).__name__, str(error).replace(run, "RUN")
        finally:
            mlflow.end_run()

    made = {}
    mlflow.set_experiment("another")
    made["experiment"] = start()
    with tempfile.TemporaryDirectory() as elsewhere:
        mlflow.set_tracking_uri(elsewhere)
        made["store"] = start()
    with open("ends.json", "w") as file:
        json.dump(made, file)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    {each.__name__: each for each in (whole, autolog, killed, fails, ends)}[sys.argv[1]]()
