"""What the tests share: one onput for all that may share it, others for those that need their own."""

import contextlib
import itertools
import pathlib
import re
import sys

import boto3
import pytest

import machine  # before api and server: it knows where they are
import api as lambda_api
import server

sys.path.append(str(pathlib.Path(__file__).parents[2] / "peers"))
BUCKETS = ("photos", "thumbnails", "album", "album-resized", "inbox", "inbox-notes", "words", "shouts", "code")
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def onput():
    """One for all. At its end nothing is left of it."""
    instance = machine.Machine()
    try:
        yield instance.start()
        assert instance.stop() == 0, instance.log_tail()
        assert instance.processes() == {}
    finally:
        instance.remove()


@pytest.fixture
def start():
    """Starts an onput with settings of its own: start(runtime={"processes": 2})."""
    with contextlib.ExitStack() as stack:
        def make(**settings):
            instance = machine.Machine(**settings)
            stack.callback(instance.remove)
            return instance.start()
        yield make


@pytest.fixture(scope="session")
def api(onput):
    return client(onput)


def client(instance):
    """Where functions that fail in their first seconds are no reason to wait for a minute."""
    return lambda_api.Api(instance.endpoint, "root")


@pytest.fixture(scope="session")
def s3(onput):
    return buckets(onput)


def buckets(instance):
    """The store's client; the buckets of the tests are there."""
    made = boto3.client("s3", endpoint_url=instance.store.endpoint, region_name=server.REGION,
                        aws_access_key_id="dev-access", aws_secret_access_key="dev-secret")
    for bucket in BUCKETS:
        made.create_bucket(Bucket=bucket)
    return made


@pytest.fixture
def name(request):
    """A function's name that no other test has."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:40].strip("-")
    return f"{words}-{next(_numbers)}"
