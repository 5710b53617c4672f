"""Asks real MLflow about stores as an account without a superuser's rights, and prints what it says as JSON.

    python ask_as_other.py STORE...

For each store experiment -> run's name -> its stage, and where both are active its artifacts; what MLflow
raises stands in the place of what it would have given.
"""

import ctypes
import json
import logging
import pathlib
import sys
import warnings

from mlflow import MlflowClient
from mlflow.entities import ViewType

# The superuser's right to pass over permissions (DAC_OVERRIDE, DAC_READ_SEARCH) goes, all others stay.
CAPABILITIES = ((1 << 32) - 1) & ~0b110


class Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


def drop_rights():
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = Header(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(ctypes.byref(header), sets)
    # Effective, permitted and inheritable, the low 32 of each and then the high ones.
    for index in range(3):
        sets[index] &= CAPABILITIES
    if libc.capset(ctypes.byref(header), sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def attempt(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__


def ask(store):
    uri = pathlib.Path(store).absolute().as_uri()
    client = MlflowClient(uri, uri)

    def files(run, folder=None):
        return [
            path
            for each in client.list_artifacts(run, folder)
            for path in (files(run, each.path) if each.is_dir else [each.path])
        ]

    def runs(experiment):
        found = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)
        return {
            run.info.run_name: [
                run.info.lifecycle_stage,
                sorted(files(run.info.run_id)) if run.info.lifecycle_stage == "active" else [],
            ]
            for run in found
        }

    experiments = client.search_experiments(view_type=ViewType.ACTIVE_ONLY)
    return {each.experiment_id: attempt(lambda: runs(each)) for each in experiments}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    drop_rights()
    print(json.dumps({store: attempt(lambda: ask(store)) for store in sys.argv[1:]}))
