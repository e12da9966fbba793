"""The AWS CLI, version 2, as a person types it."""

import base64
import json
import os
import subprocess

import pytest

import server
from api import function_arn, zip_bytes
from server import PHOTOS, ROLE, STUDIO

AWS = "/usr/bin/aws"  # Debian's; another one may come first in PATH


class Cli:
    def __init__(self, onput, directory):
        self.onput = onput
        self.directory = directory
        self.environment = {
            "PATH": "/usr/bin:/bin", "HOME": str(directory), "AWS_PAGER": "", "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_ACCESS_KEY_ID": server.access_key("root"),
            "AWS_SECRET_ACCESS_KEY": server.secret_key("root"), "AWS_DEFAULT_REGION": server.REGION,
            "AWS_EC2_METADATA_DISABLED": "true"}

    def run(self, *words):
        return subprocess.run([AWS, "--endpoint-url", self.onput.endpoint, "lambda", *words], cwd=self.directory,
                              env=self.environment, capture_output=True, text=True, timeout=120)

    def __call__(self, *words, text=False):
        """The output, parsed; None when there is none."""
        result = self.run(*words)
        assert result.returncode == 0, (words, result.stderr)
        return result.stdout if text else json.loads(result.stdout) if result.stdout.strip() else None

    def fails(self, *words):
        """What it says of an error."""
        result = self.run(*words)
        assert result.returncode == 254, (words, result.returncode, result.stdout, result.stderr)
        return result.stderr.strip()


@pytest.fixture
def cli(onput, tmp_path):
    return Cli(onput, tmp_path)


@pytest.fixture
def made(cli, name):
    cli("create-function", "--function-name", name, "--runtime", "onput.builtin", "--handler", "echo", "--role", ROLE,
        "--code", "{}")
    return name


def test_a_function_from_its_making_to_its_end(cli, name, tmp_path):
    (tmp_path / "code.zip").write_bytes(zip_bytes())
    created = cli("create-function", "--function-name", name, "--runtime", "onput.builtin", "--handler", "echo",
                  "--role", ROLE, "--zip-file", "fileb://code.zip", "--description", "made by hand",
                  "--environment", "Variables={COLOUR=blue,SIZE=7}", "--tags", "team=photos", "--timeout", "9")
    assert (created["FunctionArn"], created["State"]) == (function_arn(name), "Pending")
    cli("wait", "function-active-v2", "--function-name", name)
    got = cli("get-function", "--function-name", name)
    assert got["Configuration"]["State"] == "Active" and got["Tags"] == {"team": "photos"}
    assert got["Configuration"]["Environment"] == {"Variables": {"COLOUR": "blue", "SIZE": "7"}}
    updated = cli("update-function-configuration", "--function-name", name, "--memory-size", "256")
    assert updated["LastUpdateStatus"] == "InProgress"
    cli("wait", "function-updated-v2", "--function-name", name)
    assert cli("get-function-configuration", "--function-name", name, "--query", "[MemorySize,Timeout]") == [256, 9]
    (tmp_path / "code.zip").write_bytes(zip_bytes("new"))
    updated = cli("update-function-code", "--function-name", name, "--zip-file", "fileb://code.zip")
    assert updated["CodeSize"] == len(zip_bytes("new"))
    names = cli("list-functions", "--query", "Functions[].FunctionName")
    assert name in names
    assert cli("delete-function", "--function-name", name) is None
    assert cli.fails("get-function", "--function-name", name) == (
        "An error occurred (ResourceNotFoundException) when calling the GetFunction operation: "
        f"Function not found: {function_arn(name)}")


def test_invoke_writes_the_result_to_a_file(cli, made, tmp_path):
    told = cli("invoke", "--function-name", made, "--cli-binary-format", "raw-in-base64-out", "--payload",
               '{"greeting": "grüße"}', "out.json")
    assert told == {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
    assert json.loads((tmp_path / "out.json").read_text()) == {"greeting": "grüße"}


def test_invoke_takes_base64_without_being_told_otherwise(cli, made, tmp_path):
    cli("invoke", "--function-name", made, "--payload", base64.b64encode(b'{"a":1}').decode(), "out.json")
    assert (tmp_path / "out.json").read_text() == '{"a":1}'


def test_invoke_shows_the_log(cli, made, tmp_path):
    log = cli("invoke", "--function-name", made, "--log-type", "Tail", "--query", "LogResult", "--output", "text",
              "--cli-binary-format", "raw-in-base64-out", "--payload", "{}", "out.json", text=True)
    lines = base64.b64decode(log).decode().splitlines()
    assert lines[0].startswith("START RequestId: ") and lines[-1].startswith("REPORT RequestId: ")


@pytest.mark.parametrize("kind, status", [("Event", 202), ("DryRun", 204)])
def test_invoke_without_waiting(cli, made, kind, status):
    assert cli("invoke", "--function-name", made, "--invocation-type", kind, "--cli-binary-format",
               "raw-in-base64-out", "--payload", "{}", "out.json") == {"StatusCode": status}


def test_invoke_says_that_the_function_failed(cli, name, tmp_path):
    cli("create-function", "--function-name", name, "--runtime", "onput.builtin", "--handler", "thumbnail", "--role",
        ROLE, "--code", "{}", "--environment",
        json.dumps({"Variables": {"OUTPUT_BUCKET": "thumbnails", "RENDITIONS": '[{"name":"small","width":64}]'}}))
    told = cli("invoke", "--function-name", name, "out.json")
    assert told == {"StatusCode": 200, "FunctionError": "Unhandled", "ExecutedVersion": "$LATEST"}
    assert "errorMessage" in json.loads((tmp_path / "out.json").read_text())


def test_a_photo_becomes_a_thumbnail(cli, s3, name, tmp_path):
    s3.upload_file(str(PHOTOS / "P1000237.JPG"), "photos", f"{name}.jpg")
    cli("create-function", "--function-name", name, "--runtime", "onput.builtin", "--handler", "thumbnail", "--role",
        STUDIO, "--code", "{}", "--timeout", "60", "--environment",
        json.dumps({"Variables": {"OUTPUT_BUCKET": "thumbnails", "RENDITIONS": '[{"name":"small","width":64}]'}}))
    (tmp_path / "event.json").write_text(json.dumps({"bucket": "photos", "key": f"{name}.jpg"}))
    assert "FunctionError" not in cli("invoke", "--function-name", name, "--payload", "fileb://event.json", "out.json")
    assert s3.head_object(Bucket="thumbnails", Key=f"photos/{name}.jpg/small.jpg")["ContentLength"] > 100


def test_permissions(cli, made):
    added = cli("add-permission", "--function-name", made, "--statement-id", "photos", "--action",
                "lambda:InvokeFunction", "--principal", "s3.amazonaws.com", "--source-arn", "arn:aws:s3:::photos",
                "--source-account", "000000000000")
    statement = json.loads(added["Statement"])
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    got = cli("get-policy", "--function-name", made)
    assert json.loads(got["Policy"])["Statement"] == [statement]
    cli("remove-permission", "--function-name", made, "--statement-id", "photos", "--revision-id", got["RevisionId"])
    assert cli.fails("get-policy", "--function-name", made) == (
        "An error occurred (ResourceNotFoundException) when calling the GetPolicy operation: "
        "The resource you requested does not exist.")


def test_versions_and_aliases(cli, made):
    assert cli("publish-version", "--function-name", made)["Version"] == "1"
    cli("wait", "published-version-active", "--function-name", made, "--qualifier", "1")
    cli("create-alias", "--function-name", made, "--name", "live", "--function-version", "1")
    cli("update-function-configuration", "--function-name", made, "--description", "second")
    cli("publish-version", "--function-name", made)
    cli("update-alias", "--function-name", made, "--name", "live", "--routing-config",
        "AdditionalVersionWeights={2=0.5}")
    alias = cli("get-alias", "--function-name", made, "--name", "live")
    assert (alias["FunctionVersion"], alias["RoutingConfig"]) == ("1", {"AdditionalVersionWeights": {"2": 0.5}})
    told = cli("invoke", "--function-name", f"{made}:live", "out.json")
    assert told["ExecutedVersion"] in ("1", "2")
    assert cli("list-aliases", "--function-name", made, "--query", "Aliases[].Name") == ["live"]
    assert cli("list-versions-by-function", "--function-name", made, "--query", "Versions[].Version") == [
        "$LATEST", "1", "2"]
    assert cli("delete-alias", "--function-name", made, "--name", "live") is None


def test_concurrency(cli, made):
    cli.environment["AWS_MAX_ATTEMPTS"] = "1"  # it would wait and try again
    assert cli("put-function-concurrency", "--function-name", made, "--reserved-concurrent-executions", "0") == {
        "ReservedConcurrentExecutions": 0}
    assert cli.fails("invoke", "--function-name", made, "out.json").startswith(
        "An error occurred (TooManyRequestsException) when calling the Invoke operation")
    assert cli("get-function-concurrency", "--function-name", made) == {"ReservedConcurrentExecutions": 0}
    cli("delete-function-concurrency", "--function-name", made)
    assert cli("invoke", "--function-name", made, "out.json")["StatusCode"] == 200


def test_urls(cli, made, onput):
    created = cli("create-function-url-config", "--function-name", made, "--auth-type", "NONE", "--cors",
                  "AllowOrigins=*,AllowMethods=GET")
    assert created["Cors"] == {"AllowMethods": ["GET"], "AllowOrigins": ["*"]}
    for sid, action, condition in (("url", "InvokeFunctionUrl", ["--function-url-auth-type", "NONE"]),
                                   ("call", "InvokeFunction", [])):
        cli("add-permission", "--function-name", made, "--statement-id", sid, "--action", f"lambda:{action}",
            "--principal", "*", *condition)
    answer = onput.http("GET", "/hello", None, {"Host": created["FunctionUrl"].split("/")[2]})
    assert (answer.status, json.loads(answer.body)["rawPath"]) == (200, "/hello")
    assert cli("get-function-url-config", "--function-name", made)["FunctionUrl"] == created["FunctionUrl"]
    cli("update-function-url-config", "--function-name", made, "--auth-type", "AWS_IAM")
    assert cli("list-function-url-configs", "--function-name", made, "--query", "FunctionUrlConfigs[].AuthType") == [
        "AWS_IAM"]
    assert cli("delete-function-url-config", "--function-name", made) is None


def test_event_invoke_configs(cli, made):
    put = cli("put-function-event-invoke-config", "--function-name", made, "--maximum-retry-attempts", "1",
              "--destination-config", '{"OnFailure":{"Destination":"arn:aws:sqs:us-east-1:000000000000:q"}}')
    assert put["MaximumRetryAttempts"] == 1 and put["FunctionArn"] == function_arn(made, "$LATEST")
    updated = cli("update-function-event-invoke-config", "--function-name", made,
                  "--maximum-event-age-in-seconds", "90")
    assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (1, 90)
    assert cli("get-function-event-invoke-config", "--function-name", made) == updated
    items = cli("list-function-event-invoke-configs", "--function-name", made)["FunctionEventInvokeConfigs"]
    assert items == [updated]
    assert cli("delete-function-event-invoke-config", "--function-name", made) is None


def test_tags(cli, made):
    arn = function_arn(made)
    cli("tag-resource", "--resource", arn, "--tags", "team=photos,stage=test")
    assert cli("list-tags", "--resource", arn) == {"Tags": {"team": "photos", "stage": "test"}}
    cli("untag-resource", "--resource", arn, "--tag-keys", "team", "stage")
    assert cli("list-tags", "--resource", arn) == {"Tags": {}}


def test_account(cli):
    assert cli("get-account-settings", "--query", "AccountLimit.ConcurrentExecutions") == 1000


def test_an_unknown_user_is_told(cli):
    cli.environment["AWS_ACCESS_KEY_ID"] = "AKIAUNKNOWN"
    assert cli.fails("list-functions") == (
        "An error occurred (UnrecognizedClientException) when calling the ListFunctions operation: "
        "The security token included in the request is invalid.")


def test_a_request_of_no_form_is_explained(cli):
    assert cli.fails("get-function", "--function-name", "a b").startswith(
        "An error occurred (ValidationException) when calling the GetFunction operation: 1 validation error detected: "
        "Value 'a b' at 'functionName' failed to satisfy constraint: ")
