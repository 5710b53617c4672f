"""Lets MLflow make a database of its own and prints what it consists of, as SQL.

    python dump_schema.py
"""

import json
import sqlite3
import sys

import sqlalchemy.pool

# MLflow 2 asks SQLAlchemy for a pool that 2.1 no longer has, and uses it nowhere here.
if not hasattr(sqlalchemy.pool, "FallbackAsyncAdaptedQueuePool"):
    sqlalchemy.pool.FallbackAsyncAdaptedQueuePool = sqlalchemy.pool.AsyncAdaptedQueuePool

from mlflow import MlflowClient  # noqa: E402


def main():
    MlflowClient("sqlite:///made.db").search_experiments()
    made = sqlite3.connect("made.db")
    rows = made.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    statements = [sql.replace("\t", "  ") for (sql,) in rows]
    (head,) = made.execute("SELECT version_num FROM alembic_version").fetchone()
    statements.append(f"INSERT INTO alembic_version VALUES ('{head}')")
    lines = "".join(f"{statement};\n" for statement in statements).split("\n")
    json.dump("\n".join(line.rstrip() for line in lines), sys.stdout)


if __name__ == "__main__":
    main()
