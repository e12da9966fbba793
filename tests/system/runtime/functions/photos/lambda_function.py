"""The photo pipeline of every Lambda course: what lands in a bucket is made smaller and put into "<bucket>-resized".

Nothing here knows of onput, nor of any endpoint.
"""

import os
import uuid
from urllib.parse import unquote_plus

import boto3
from PIL import Image

s3 = boto3.client("s3")


def shrink(source, target):
    with Image.open(source) as image:
        image.thumbnail((128, 128))
        image.save(target)


def lambda_handler(event, context):
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        name = os.path.basename(key)
        download = f"/tmp/{uuid.uuid4()}-{name}"
        upload = f"/tmp/{uuid.uuid4()}-resized-{name}"
        try:
            s3.download_file(bucket, key, download)
            shrink(download, upload)
            s3.upload_file(upload, f"{bucket}-resized", f"resized-{key}")
        finally:
            for path in (download, upload):
                if os.path.exists(path):
                    os.remove(path)
