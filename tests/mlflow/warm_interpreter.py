"""Runs scripts in processes forked from this one, which has imported MLflow: to import it takes seconds,
and most scripts take a fraction of one.

    python warm_interpreter.py SOCKET TABLES

Who connects sends one line of JSON: the directory to work in, what the environment has besides, and the
words after `python`, a script or `-m` and a module. Both streams of the script go to files in that
directory, `stdout` and `stderr`; the answer is the exit code of the script. Each script has a process of
its own, and ends it as any other. A line of standard output tells that all is ready.

In what is forked MLflow gets the tables of a new database of SQLite from TABLES, the SQL that it once made them by:
to make them by all of its migrations takes seconds. demo_test.ts has it do so, and compares.
"""

import gc
import json
import os
import runpy
import socket
import sys
import threading

from mlflow.store.db import utils

make_tables = utils._initialize_tables


def have_tables(engine):
    if engine.url.get_backend_name() != "sqlite":
        return make_tables(engine)
    connection = engine.raw_connection()
    try:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
        if not names:
            connection.executescript(TABLES)
        elif ("alembic_version",) not in names or not is_of_today(connection):
            make_tables(engine)
    finally:
        connection.close()


def is_of_today(connection):
    (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return f"'{version}'" in TABLES


# What imports it by its name is to get this one.
utils._initialize_tables = have_tables

import mlflow.cli  # noqa: E402, F401
import mlflow.store.tracking.sqlalchemy_store  # noqa: E402, F401

with open(sys.argv[2], encoding="utf-8") as tables:
    TABLES = tables.read()


def run(request):
    os.chdir(request["directory"])
    os.environ.update(request["environment"])
    for stream in ("stdout", "stderr"):
        file = os.open(stream, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, getattr(sys, stream).fileno())
        os.close(file)
    words = request["words"]
    if words[0] == "-m":
        sys.argv, sys.path[0] = words[1:], request["directory"]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = words, request["directory"]
        runpy.run_path(words[0], run_name="__main__")


def answer(connection):
    """The request where this is the process that is to run the script."""
    with connection:
        request = json.loads(connection.makefile().readline())
        script = os.fork()
        if script == 0:
            return request
        _, status = os.waitpid(script, 0)
        connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def bury():
    """Forgets the processes that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


def main():
    # A process that has threads cannot be forked: what they hold would be held for ever.
    assert threading.active_count() == 1, threading.enumerate()
    # Neither the collector nor the end of a process goes through what is known to stay.
    gc.freeze()
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1])
    server.listen(64)
    print("ready", flush=True)
    while True:
        connection, _ = server.accept()
        if os.fork() == 0:
            server.close()
            return answer(connection)
        connection.close()
        bury()


if __name__ == "__main__":
    run(main())
