"""Runs by Python's sqlite3 the queries of a summary or of a plan, and takes every row.

    python read_database.py DATABASE summary|cleanup
"""

import sqlite3
import sys

QUERIES = {
    "summary": [
        "SELECT experiment_id, name, artifact_location, lifecycle_stage, creation_time,"
        " last_update_time FROM experiments",
        "SELECT run_uuid, experiment_id, name, status, lifecycle_stage, start_time, end_time,"
        " deleted_time, artifact_uri FROM runs",
        "SELECT model_id, experiment_id, name, source_run_id, lifecycle_stage,"
        " last_updated_timestamp_ms, artifact_location FROM logged_models",
        "SELECT name, version, run_id, source, storage_location, current_stage FROM model_versions",
        "SELECT name, alias, version FROM registered_model_aliases",
        "SELECT experiment_id, COUNT(*) FROM trace_info GROUP BY experiment_id",
        "SELECT experiment_id, COUNT(*) FROM datasets GROUP BY experiment_id",
    ],
}
QUERIES["cleanup"] = [
    *QUERIES["summary"],
    "SELECT run_uuid, key, value FROM tags WHERE key IN ('mlflow.parentRunId', 'mltidy.pin')",
]


def main():
    database, task = sys.argv[1:]
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.execute("BEGIN")
    print(sum(len(connection.execute(query).fetchall()) for query in QUERIES[task]))


if __name__ == "__main__":
    main()
