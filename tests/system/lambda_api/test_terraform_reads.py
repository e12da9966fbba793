"""What Terraform's AWS provider asks when it makes, refreshes and destroys its resources, in its order.

Each answer is parsed by botocore's model, so a member of a wrong type fails here.
"""

import json

import pytest

from api import NOT_FOUND, accepted, function_arn, refused, zip_bytes
from server import ROLE
from test_functions import CONFIGURATION


def parsed(answer):
    """What botocore understood of a success."""
    assert answer.code is None and 200 <= answer.status < 300, answer
    return answer.parsed


@pytest.fixture
def resource(api, name):
    """aws_lambda_function with publish = true, as its creation goes."""
    missing = api.get_function(FunctionName=name)
    refused(missing, 404, NOT_FOUND, f"Function not found: {function_arn(name)}")
    parsed(api.create_function(
        FunctionName=name, Role=ROLE, Runtime="onput.builtin", Handler="echo", Publish=True, Timeout=3, MemorySize=128,
        PackageType="Zip", Architectures=["x86_64"], EphemeralStorage={"Size": 512}, Code={"ZipFile": zip_bytes()},
        Description="", Tags={"managed": "yes"}))
    api.client.get_waiter("function_active_v2").wait(FunctionName=name)
    return name


def read_function(api, name):
    """resourceFunctionRead"""
    got = parsed(api.get_function(FunctionName=name))
    configuration = got["Configuration"]
    assert configuration["FunctionArn"] == function_arn(name) and configuration["State"] == "Active"
    versions = parsed(api.list_versions_by_function(FunctionName=name, MaxItems=10000))["Versions"]
    signing = accepted(api.get_function_code_signing_config(FunctionName=name), 200, {"FunctionName"})
    assert signing == {"FunctionName": name}
    return got, versions[-1]["Version"]


def test_a_function_is_read(api, resource):
    got, version = read_function(api, resource)
    assert version == "1" and got["Tags"] == {"managed": "yes"}
    assert isinstance(got["Configuration"]["LastModified"], str)
    assert "Concurrency" not in got
    assert set(got["Configuration"]) == CONFIGURATION


def test_a_function_is_changed_and_destroyed(api, resource):
    parsed(api.update_function_configuration(FunctionName=resource, Timeout=10, Description="changed"))
    api.client.get_waiter("function_updated_v2").wait(FunctionName=resource)
    parsed(api.update_function_code(FunctionName=resource, ZipFile=zip_bytes("new"), Publish=False))
    api.client.get_waiter("function_updated_v2").wait(FunctionName=resource)
    parsed(api.put_function_concurrency(FunctionName=resource, ReservedConcurrentExecutions=2))
    assert parsed(api.publish_version(FunctionName=resource))["Version"] == "2"
    api.client.get_waiter("published_version_active").wait(FunctionName=resource, Qualifier="2")
    got, version = read_function(api, resource)
    assert (got["Concurrency"]["ReservedConcurrentExecutions"], version) == (2, "2")
    parsed(api.delete_function_concurrency(FunctionName=resource))
    parsed(api.delete_function(FunctionName=resource))
    refused(api.get_function(FunctionName=resource), 404, NOT_FOUND, f"Function not found: {function_arn(resource)}")


def test_an_alias_is_read(api, resource):
    made = parsed(api.create_alias(FunctionName=resource, Name="live", FunctionVersion="1", Description=""))
    for spelling in (resource, function_arn(resource)):
        assert parsed(api.get_alias(FunctionName=spelling, Name="live")) == made
    parsed(api.update_alias(FunctionName=resource, Name="live", FunctionVersion="1", Description="changed",
                            RoutingConfig={}))
    assert "RoutingConfig" not in parsed(api.get_alias(FunctionName=resource, Name="live"))
    parsed(api.delete_alias(FunctionName=resource, Name="live"))
    assert api.get_alias(FunctionName=resource, Name="live").code == NOT_FOUND


@pytest.mark.parametrize("qualifier", [{}, {"Qualifier": "live"}], ids=["function", "alias"])
def test_a_permission_is_read(api, resource, qualifier):
    parsed(api.create_alias(FunctionName=resource, Name="live", FunctionVersion="1"))
    asked = {"FunctionName": resource, **qualifier}
    added = parsed(api.add_permission(StatementId="AllowS3", Action="lambda:InvokeFunction",
                                      Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::b", **asked))
    policy = json.loads(parsed(api.get_policy(**asked))["Policy"])
    [statement] = [s for s in policy["Statement"] if s["Sid"] == "AllowS3"]
    assert statement == json.loads(added["Statement"])
    assert statement["Resource"] == function_arn(resource, qualifier.get("Qualifier"))
    parsed(api.remove_permission(StatementId="AllowS3", **asked))
    assert api.get_policy(**asked).code == NOT_FOUND


@pytest.mark.parametrize("qualifier", [{}, {"Qualifier": "live"}], ids=["function", "alias"])
def test_a_url_is_read(api, resource, qualifier):
    parsed(api.create_alias(FunctionName=resource, Name="live", FunctionVersion="1"))
    asked = {"FunctionName": resource, **qualifier}
    assert api.get_function_url_config(**asked).code == NOT_FOUND
    made = parsed(api.create_function_url_config(AuthType="NONE", InvokeMode="BUFFERED", **asked))
    parsed(api.add_permission(StatementId="FunctionURLAllowPublicAccess", Action="lambda:InvokeFunctionUrl",
                              Principal="*", FunctionUrlAuthType="NONE", **asked))
    got = parsed(api.get_function_url_config(**asked))
    assert (got["FunctionUrl"], got["FunctionArn"], got["AuthType"], got["InvokeMode"]) == (
        made["FunctionUrl"], function_arn(resource, qualifier.get("Qualifier")), "NONE", "BUFFERED")
    parsed(api.update_function_url_config(AuthType="AWS_IAM", Cors={"AllowOrigins": ["*"]}, **asked))
    assert parsed(api.get_function_url_config(**asked))["Cors"] == {"AllowOrigins": ["*"]}
    parsed(api.delete_function_url_config(**asked))
    assert api.get_function_url_config(**asked).code == NOT_FOUND


@pytest.mark.parametrize("qualifier", [{}, {"Qualifier": "live"}], ids=["function", "alias"])
def test_an_event_invoke_config_is_read(api, resource, qualifier):
    parsed(api.create_alias(FunctionName=resource, Name="live", FunctionVersion="1"))
    asked = {"FunctionName": function_arn(resource), **qualifier}
    parsed(api.put_function_event_invoke_config(MaximumRetryAttempts=1, MaximumEventAgeInSeconds=300, **asked))
    got = parsed(api.get_function_event_invoke_config(**asked))
    assert (got["MaximumRetryAttempts"], got["MaximumEventAgeInSeconds"]) == (1, 300)
    assert got["LastModified"].tzinfo is not None
    parsed(api.delete_function_event_invoke_config(**asked))
    assert api.get_function_event_invoke_config(**asked).code == NOT_FOUND


def test_what_is_managed_beside_is_read(api, resource):
    """aws_lambda_runtime_management_config and aws_lambda_function_recursion_config"""
    got = parsed(api.get_runtime_management_config(FunctionName=resource))
    assert (got["UpdateRuntimeOn"], got["FunctionArn"]) == ("Auto", function_arn(resource, "$LATEST")) or (
        got["FunctionArn"] == function_arn(resource))
    assert parsed(api.get_function_recursion_config(FunctionName=resource)) == {"RecursiveLoop": "Terminate"}
    assert parsed(api.list_tags(Resource=function_arn(resource))) == {"Tags": {"managed": "yes"}}


@pytest.mark.parametrize("operation", ["get_function_code_signing_config", "get_runtime_management_config",
                                       "get_function_recursion_config"])
def test_what_is_read_of_a_missing_function(api, operation):
    answer = getattr(api, operation)(FunctionName="missing")
    assert (answer.status, answer.code) == (404, NOT_FOUND), answer
