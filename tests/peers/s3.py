"""boto3 clients and the AWS CLI, both set up for a store on loopback."""

import os
import subprocess

import boto3
from botocore.config import Config

REGION = "us-east-1"


def client(endpoint, access_key, secret_key, service="s3"):
    """A client that never leaves loopback and sends no checksum a store did not ask for."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(
            signature_version="s3v4" if service == "s3" else "v4",
            s3={"addressing_style": "path"},
            proxies={},
            user_agent="peer-tests/1",
            retries={"max_attempts": 2},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def awscli(endpoint, access_key, secret_key, *words):
    """Run the AWS CLI and return what it printed; a failure raises with its messages."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_PAGER": "",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    program = os.environ.get("ONPUT_PEER_AWS", "/usr/bin/aws")
    argv = [program, "--endpoint-url", endpoint, *map(str, words)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def all_keys(s3, bucket):
    """The exact set of keys in a bucket."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {item["Key"] for page in pages for item in page.get("Contents", [])}
