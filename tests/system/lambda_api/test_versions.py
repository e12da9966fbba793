"""PublishVersion and ListVersionsByFunction."""

import pytest

from api import IPVE, PRECONDITION, accepted, function_arn, refused, zip_bytes
from test_functions import CONFIGURATION, LISTED, STALE, sha256


def test_publish_answers_a_numbered_copy(api, name, make):
    made = make(name, Description="of the function", Timeout=11)
    one = accepted(api.publish_version(FunctionName=name), 201, CONFIGURATION)
    assert (one["Version"], one["FunctionArn"]) == ("1", function_arn(name, "1"))
    assert (one["Description"], one["Timeout"]) == ("of the function", 11)
    assert one["RevisionId"] != made["RevisionId"]


def test_publish_takes_a_description(api, function):
    one = accepted(api.publish_version(FunctionName=function, Description="mine"), 201, CONFIGURATION)
    assert one["Description"] == "mine"
    assert api.get_function_configuration(FunctionName=function).json["Description"] == ""


def test_publish_without_a_change_answers_the_version_that_is_there(api, function):
    one = accepted(api.publish_version(FunctionName=function), 201, CONFIGURATION)
    again = accepted(api.publish_version(FunctionName=function), 201, CONFIGURATION)
    assert (again["Version"], again["RevisionId"]) == ("1", one["RevisionId"])


def test_a_version_stays_as_it_was(api, function):
    one = api.publish_version(FunctionName=function).json
    api.update_function_configuration(FunctionName=function, Description="changed")
    two = accepted(api.publish_version(FunctionName=function), 201, CONFIGURATION)
    assert (two["Version"], two["Description"]) == ("2", "changed")
    kept = api.get_function_configuration(FunctionName=function, Qualifier="1").json
    assert (kept["Description"], kept["RevisionId"]) == ("", one["RevisionId"])


def test_numbers_are_not_used_again(api, function):
    api.publish_version(FunctionName=function)
    api.delete_function(FunctionName=function, Qualifier="1")
    api.update_function_configuration(FunctionName=function, Description="changed")
    assert api.publish_version(FunctionName=function).json["Version"] == "2"


def test_publish_compares_the_hash_of_the_code(api, name, make):
    code = zip_bytes("mine")
    made = make(name, Code={"ZipFile": code})
    refused(api.publish_version(FunctionName=name, CodeSha256="other"), 400, IPVE,
            f"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({sha256(code)}). "
            "Please try again with the CodeSHA256 in $LATEST.")
    accepted(api.publish_version(FunctionName=name, CodeSha256=made["CodeSha256"]), 201, CONFIGURATION)


def test_publish_refuses_a_stale_revision(api, name, make):
    made = make(name)
    refused(api.publish_version(FunctionName=name, RevisionId="00000000-0000-4000-8000-000000000000"), 412,
            PRECONDITION, STALE)
    accepted(api.publish_version(FunctionName=name, RevisionId=made["RevisionId"]), 201, CONFIGURATION)


def test_versions_are_listed_with_latest_first(api, versioned):
    versions = accepted(api.list_versions_by_function(FunctionName=versioned), 200, {"Versions"})["Versions"]
    assert [(v["Version"], v["FunctionArn"]) for v in versions] == [
        (q, function_arn(versioned, q)) for q in ("$LATEST", "1", "2")]
    assert all(set(v) == LISTED for v in versions)


def test_versions_are_listed_in_the_order_of_their_numbers(api, function):
    for number in range(11):
        api.update_function_configuration(FunctionName=function, Description=str(number))
        api.publish_version(FunctionName=function)
    versions = api.list_versions_by_function(FunctionName=function).json["Versions"]
    assert [v["Version"] for v in versions] == ["$LATEST"] + [str(n) for n in range(1, 12)]


@pytest.mark.parametrize("qualifier", ["1", "2"])
def test_a_version_runs_as_it_was_published(api, name, make, qualifier):
    make(name, handler="echo")
    api.publish_version(FunctionName=name)
    api.update_function_configuration(FunctionName=name, Handler="context")
    api.publish_version(FunctionName=name)
    answer = api.invoke(FunctionName=name, Qualifier=qualifier, Payload=b'{"a":1}')
    assert answer.headers["X-Amz-Executed-Version"] == qualifier
    assert set(answer.json) == ({"a"} if qualifier == "1" else {"event", "context"})
