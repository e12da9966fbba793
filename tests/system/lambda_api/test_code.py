"""Code that functions run from: archives in requests and in buckets, their address, versions, and what is refused."""

import base64
import hashlib
import io
import re
import stat
import urllib.error
import urllib.request
import zipfile

import pytest

import server
from api import Api, refused

IPVE = "InvalidParameterValueException"
NO_UNZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."

# Answers with the size of the event and a word of its own.
BOOTSTRAP = """#!/bin/sh
set -eu
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while :; do
    head=$(mktemp)
    event=$(curl -fsS -D "$head" "$api/next")
    id=$(sed -n 's/^lambda-runtime-aws-request-id: *//Ip' "$head" | tr -d '\\r')
    curl -fsS -d "{\\"word\\":\\"WORD\\",\\"bytes\\":${#event}}" "$api/$id/response" >/dev/null
done
"""


def archive(*files):
    """Each is (name, content, mode)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content, mode in files:
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = mode << 16
            made.writestr(info, content)
    return out.getvalue()


def program(word):
    return archive(("bootstrap", BOOTSTRAP.replace("WORD", word), stat.S_IFREG | 0o755))


def sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def members(name, **more):
    return {"FunctionName": name, "Role": server.ROLE, "Runtime": "provided.al2023", "Handler": "bootstrap",
            "Timeout": 10, **more}


def download(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def invoke(api, name, **more):
    answer = api.invoke(FunctionName=name, Payload=b'{"a":1}', **more)
    assert answer.status == 200, answer
    assert "FunctionError" not in answer.json, answer
    return answer.json


@pytest.fixture(scope="module")
def code(s3):
    s3.create_bucket(Bucket="code")
    return s3


def test_created_from_an_archive_a_function_keeps_it(api, name):
    data = program("one")
    made = api.create_function(**members(name, Code={"ZipFile": data}))
    assert made.status == 201, made
    assert (made.json["CodeSize"], made.json["CodeSha256"]) == (len(data), sha256(data))
    got = api.get_function(FunctionName=name).json
    assert got["Code"]["RepositoryType"] == "S3"
    assert download(got["Code"]["Location"]) == data


def test_an_address_of_code_cannot_be_made_up(api, name):
    assert api.create_function(**members(name, Code={"ZipFile": program("one")})).status == 201
    url = api.get_function(FunctionName=name).json["Code"]["Location"]
    for forged in (re.sub("Expires=.", "Expires=9", url), url.partition("?")[0], url[:-1]):
        with pytest.raises(urllib.error.HTTPError) as caught:
            download(forged)
        assert caught.value.code == 403


def test_created_from_a_bucket_a_function_has_that_archive(api, name, code):
    data = program("bucket")
    code.put_object(Bucket="code", Key=f"{name}/f.zip", Body=data)
    made = api.create_function(**members(name, Code={"S3Bucket": "code", "S3Key": f"{name}/f.zip"}))
    assert made.status == 201, made
    assert made.json["CodeSha256"] == sha256(data)


def test_what_a_bucket_lacks_is_said_in_s3s_words(api, name, code):
    error = "Error occurred while GetObject. S3 Error Code: "
    refused(api.create_function(**members(name, Code={"S3Bucket": "code", "S3Key": "none.zip"})), 400, IPVE,
            error + "NoSuchKey. S3 Error Message: The specified key does not exist.")
    refused(api.create_function(**members(name, Code={"S3Bucket": "no-such-bucket", "S3Key": "f.zip"})), 400, IPVE,
            error + "NoSuchBucket. S3 Error Message: The specified bucket does not exist")


def test_a_caller_who_may_not_read_the_object_may_not_run_it(clients, code):
    code.put_object(Bucket="code", Key="of-others.zip", Body=program("others"))
    answer = clients["alice"].create_function(
        **members("alice-of-others", Code={"S3Bucket": "code", "S3Key": "of-others.zip"}))
    assert (answer.status, answer.code) == (403, "AccessDeniedException")


@pytest.mark.parametrize("files, reason", [
    ([("../out", "x", 0o100644)], "leads out of its folder"),
    ([("/etc/cron.d/x", "x", 0o100644)], "absolute name"),
    ([("l", "/etc/passwd", 0o120777)], "absolute target"),
    ([("l", "../../etc", 0o120777)], "leads out of the package"),
    ([("null", "", stat.S_IFCHR | 0o666)], "neither a file nor a folder nor a link"),
    ([("a\\b", "x", 0o100644)], "backslash"),
])
def test_an_archive_that_would_write_elsewhere_is_refused(api, name, files, reason):
    refused(api.create_function(**members(name, Code={"ZipFile": archive(*files)})), 400, IPVE,
            re.compile(re.escape(NO_UNZIP) + " The reason: .*" + reason))
    assert api.get_function(FunctionName=name).status == 404


def test_a_bomb_is_refused(api, name):
    refused(api.create_function(**members(name, Code={"ZipFile": archive(("zeros", bytes(262144001), 0o100644))})),
            400, IPVE, "Unzipped size must be smaller than 262144000 bytes")


def test_what_cannot_be_started_is_refused(api, name):
    refused(api.create_function(**members(name, Code={"ZipFile": archive(("other", "x", 0o100755))})), 400, IPVE,
            re.compile("there is no bootstrap"))
    refused(api.create_function(**members(name, Code={"ZipFile": archive(("bootstrap", "x", 0o100644))})), 400, IPVE,
            re.compile("bootstrap is not executable"))
    refused(api.create_function(**members(name, Code={})), 400, IPVE, "Please provide a source for function code.")


def test_code_runs_and_is_replaced_and_versions_keep_theirs(api, name):
    assert api.create_function(**members(name, Code={"ZipFile": program("one")}, Publish=True)).status == 201
    assert invoke(api, name) == {"word": "one", "bytes": 7}
    updated = api.update_function_code(FunctionName=name, ZipFile=program("two"))
    assert updated.status == 200, updated
    assert updated.json["CodeSha256"] == sha256(program("two"))
    assert invoke(api, name)["word"] == "two"
    assert invoke(api, name, Qualifier="1")["word"] == "one"
    one = api.get_function(FunctionName=name, Qualifier="1").json
    assert download(one["Code"]["Location"]) == program("one")


def test_a_dry_run_changes_no_code(api, name):
    assert api.create_function(**members(name, Code={"ZipFile": program("one")})).status == 201
    dry = api.update_function_code(FunctionName=name, ZipFile=program("two"), DryRun=True)
    assert (dry.status, dry.json["CodeSha256"]) == (200, sha256(program("two")))
    assert api.get_function_configuration(FunctionName=name).json["CodeSha256"] == sha256(program("one"))


def test_a_built_in_function_has_no_package_to_run_another_runtime(api, function):
    refused(api.update_function_configuration(FunctionName=function, Runtime="provided.al2023"), 400, IPVE,
            re.compile("needs a deployment package"))


def test_code_is_there_after_a_restart_and_gone_after_its_function(own):
    api = Api(own.endpoint)
    packages = own.directory / "state" / "packages"
    assert api.create_function(**members("kept", Code={"ZipFile": program("kept")})).status == 201
    assert api.create_function(**members("gone", Code={"ZipFile": program("gone")})).status == 201
    assert api.delete_function(FunctionName="gone").status == 204
    assert len(list(packages.iterdir())) == 4
    own.kill()
    own.start()
    api = Api(own.endpoint)
    assert invoke(api, "kept")["word"] == "kept"
    server.wait_until(lambda: len(list(packages.iterdir())) == 2, "the package of the deleted function is swept")
