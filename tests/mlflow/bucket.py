"""Lets MLflow keep artifacts in a bucket, and says what is in it.

    python bucket.py make DIRECTORY SCRIPTS BUCKET COUNT   what database_purge.py makes, and, in the bucket, which is
                                                           made, objects with odd names, one in parts, COUNT small ones
    python bucket.py say DIRECTORY SCRIPTS BUCKET          prints what MLflow shows, and every object with all that is
                                                           known of it
"""

import concurrent.futures
import hashlib
import io
import json
import os
import sys
import time

import boto3

NAMES = ["a + b", "it's (1)", "x*~!", "한글/모델 1.bin", "x%20y%2Fz", "q?=&#;", "plain/deep/er"]


def main(word, directory, scripts, bucket, count="0"):
    sys.path.insert(0, scripts)
    import database_purge

    s3 = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
    made = None
    if word == "make":
        s3.create_bucket(Bucket=bucket)
        if bucket == "versioned":
            enabled = {"Status": "Enabled"}
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
    client = database_purge.client_of(directory)
    if word == "make":
        made = database_purge.make(client)
        root = os.environ["ARTIFACT_ROOT"].removeprefix(f"s3://{bucket}/")
        fill(s3, bucket, f"{root}/{made['main']}/{made['runs']['gone']}/artifacts", int(count))
        # What `mlflow gc` may leave: no row names it, and a run has begun since.
        put(s3, bucket, f"{root}/{made['main']}/{'0' * 32}/artifacts", "left.txt")
        client.create_run(made["main"], run_name="last", start_time=int(time.time() * 1000) + 1000)
    shown = database_purge.say(client, directory)
    return {"made": made, "shown": shown, "objects": say(s3, bucket)}


def put(s3, bucket, prefix, name):
    s3.put_object(
        Bucket=bucket,
        Key=f"{prefix}/{name}",
        Body=f"what is in {name}".encode(),
        ContentType="text/x-odd",
        CacheControl="max-age=7",
        Metadata={"who": "kim", "why": "a+b"},
        Tagging="team=a%20b&stage=x",
    )


def fill(s3, bucket, prefix, count):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        names = NAMES + [f"many/{at}.txt" for at in range(count)]
        list(pool.map(lambda name: put(s3, bucket, prefix, name), names))
    # boto3 sends it in three parts.
    s3.upload_fileobj(io.BytesIO(os.urandom(18 << 20)), bucket, f"{prefix}/weights.bin")


def say(s3, bucket):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    found = [one for page in pages for one in page.get("Contents", [])]
    keys = [one["Key"] for one in found]

    def tell(one):
        key = one["Key"]
        # Of what is small and many all but the first are told of by their digests alone.
        if "/many/" in key and not key.endswith("/many/0.txt"):
            return [one["ETag"], one["Size"]]
        got = s3.get_object(Bucket=bucket, Key=key)
        tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        return [
            hashlib.sha256(got["Body"].read()).hexdigest(),
            got["ContentType"],
            got.get("CacheControl"),
            got["Metadata"],
            sorted((tag["Key"], tag["Value"]) for tag in tags),
        ]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return dict(zip(keys, pool.map(tell, found)))


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
