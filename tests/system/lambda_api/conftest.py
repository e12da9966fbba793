"""What the tests share: one onput for all that may share it, the users' clients, functions to work with."""

import itertools
import re

import boto3
import pytest

import api as lambda_api
import server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def onput():
    """One for all. Tests that stop it or count what it has take `own`."""
    instance = server.Onput()
    try:
        yield instance.start()
        assert instance.stop() == 0, instance.log_tail()
    finally:
        instance.remove()


@pytest.fixture
def own():
    instance = server.Onput()
    try:
        yield instance.start()
    finally:
        instance.remove()


@pytest.fixture(scope="session")
def clients(onput):
    """Clients by user."""
    return {user: lambda_api.Api(onput.endpoint, user) for user in server.USERS}


@pytest.fixture(scope="session")
def api(clients):
    return clients["root"]


@pytest.fixture
def name(request):
    """A function's name that no other test has."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:40].strip("-")
    return f"{words}-{next(_numbers)}"


def create(api, name, handler="echo", **more):
    """The configuration of a new function, as it is once it is active."""
    members = {"FunctionName": name, "Role": server.ROLE, "Runtime": "onput.builtin", "Handler": handler,
               "Code": {}, **more}
    answer = api.create_function(**members)
    assert answer.status == 201, answer
    return api.get_function_configuration(FunctionName=name).json


@pytest.fixture
def make(api):
    """Makes functions: make(name, handler, **members of CreateFunction)."""
    return lambda name, handler="echo", **more: create(api, name, handler, **more)


@pytest.fixture
def function(make, name):
    """The name of an echo function."""
    make(name)
    return name


@pytest.fixture
def versioned(api, make, name):
    """The name of a function with version 1 and alias "live" of it, and version 2."""
    make(name)
    assert api.publish_version(FunctionName=name).status == 201
    assert api.create_alias(FunctionName=name, Name="live", FunctionVersion="1").status == 201
    assert api.update_function_configuration(FunctionName=name, Description="second").status == 200
    assert api.publish_version(FunctionName=name).status == 201
    return name


@pytest.fixture(scope="session")
def s3(onput):
    return bucket_client(onput)


def bucket_client(instance):
    client = boto3.client("s3", endpoint_url=instance.store.endpoint, region_name=server.REGION,
                          aws_access_key_id="dev-access", aws_secret_access_key="dev-secret")
    for bucket in ("photos", "thumbnails"):
        client.create_bucket(Bucket=bucket)
    return client
