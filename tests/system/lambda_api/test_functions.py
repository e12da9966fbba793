"""CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions, Update*, DeleteFunction."""

import base64
import hashlib
import json
import re
import time

import pytest

from api import (CONFLICT, IPVE, NOT_FOUND, PRECONDITION, UUID, Api, accepted, function_arn, iso_time, refused,
                 zip_bytes)
from server import ROLE

LISTED = {"FunctionName", "FunctionArn", "Runtime", "Role", "Handler", "CodeSize", "Description", "Timeout",
          "MemorySize", "LastModified", "CodeSha256", "Version", "TracingConfig", "RevisionId", "PackageType",
          "Architectures", "EphemeralStorage", "SnapStart", "LoggingConfig"}
CONFIGURATION = LISTED | {"State", "LastUpdateStatus", "RuntimeVersionConfig"}
CREATING = LISTED | {"State", "StateReason", "StateReasonCode", "RuntimeVersionConfig"}
UPDATING = CONFIGURATION | {"LastUpdateStatusReason", "LastUpdateStatusReasonCode"}
STALE = ("The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
         "retrieve the latest Revision Id")


def members(name, **changes):
    return {"FunctionName": name, "Role": ROLE, "Runtime": "onput.builtin", "Handler": "echo", "Code": {}, **changes}


def sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


# ---- CreateFunction ----

def test_create_answers_the_whole_configuration(api, name):
    code = zip_bytes()
    before = time.time()
    made = accepted(api.create_function(**members(name, Code={"ZipFile": code})), 201, CREATING)
    assert before - 1 <= iso_time(made.pop("LastModified")) <= time.time() + 1
    assert UUID.match(made.pop("RevisionId"))
    assert re.fullmatch(r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}",
                        made.pop("RuntimeVersionConfig")["RuntimeVersionArn"])
    assert made == {
        "FunctionName": name, "FunctionArn": function_arn(name), "Runtime": "onput.builtin", "Role": ROLE,
        "Handler": "echo", "CodeSize": len(code), "Description": "", "Timeout": 3, "MemorySize": 128,
        "CodeSha256": sha256(code), "Version": "$LATEST", "TracingConfig": {"Mode": "PassThrough"},
        "State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating",
        "PackageType": "Zip", "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512}, "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}}


def test_a_function_becomes_active_with_another_revision(api, name):
    made = accepted(api.create_function(**members(name)), 201, CREATING)
    got = accepted(api.get_function_configuration(FunctionName=name), 200, CONFIGURATION)
    assert (got["State"], got["LastUpdateStatus"]) == ("Active", "Successful")
    assert got["RevisionId"] != made["RevisionId"]
    assert {key for key in got if got[key] != made.get(key)} == {"State", "LastUpdateStatus", "RevisionId"}


@pytest.mark.parametrize("member, value, shown", [
    ("Environment", {"Variables": {"COLOUR": "blue"}}, {"Variables": {"COLOUR": "blue"}}),
    ("Environment", {"Variables": {}}, {"Variables": {}}),
    ("Environment", {"Variables": {"KEY": 'ü "quoted" \\ \n'}}, {"Variables": {"KEY": 'ü "quoted" \\ \n'}}),
    ("DeadLetterConfig", {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"},
     {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"}),
], ids=["environment", "empty environment", "awkward environment", "dead letters"])
def test_create_shows_what_only_a_request_brings(api, name, member, value, shown):
    made = accepted(api.create_function(**members(name, **{member: value})), 201, CREATING | {member})
    assert made[member] == shown


@pytest.mark.parametrize("member, value, shown", [
    ("Description", "a description, ü", None), ("Timeout", 900, None), ("MemorySize", 10240, None),
    ("Architectures", ["arm64"], None), ("EphemeralStorage", {"Size": 1024}, None),
    ("TracingConfig", {"Mode": "Active"}, None), ("PackageType", "Zip", None),
    ("LoggingConfig", {"LogFormat": "Text", "LogGroup": "/mine"}, None), ("Handler", "context", None),
    ("SnapStart", {"ApplyOn": "None"}, {"ApplyOn": "None", "OptimizationStatus": "Off"}),
])
def test_create_keeps_what_the_request_sets(api, name, member, value, shown):
    made = accepted(api.create_function(**members(name, **{member: value})), 201, CREATING)
    assert made[member] == (shown or value)
    got = accepted(api.get_function_configuration(FunctionName=name), 200, CONFIGURATION)
    assert got[member] == made[member]


def test_create_with_publish_answers_version_1_with_the_unqualified_arn(api, name):
    made = accepted(api.create_function(**members(name, Publish=True)), 201, CREATING)
    assert (made["Version"], made["FunctionArn"]) == ("1", function_arn(name))
    versions = api.list_versions_by_function(FunctionName=name).json["Versions"]
    assert [v["Version"] for v in versions] == ["$LATEST", "1"]


def test_create_keeps_tags_for_get_function(api, name):
    accepted(api.create_function(**members(name, Tags={"a": "b", "c": ""})), 201, CREATING)
    got = accepted(api.get_function(FunctionName=name), 200, {"Code", "Configuration", "Tags"})
    assert got["Tags"] == {"a": "b", "c": ""}


@pytest.mark.parametrize("spelling", ["function:{}", "000000000000:function:{}",
                                      "arn:aws:lambda:us-east-1:000000000000:function:{}"])
def test_create_takes_the_name_in_other_spellings(api, name, spelling):
    made = accepted(api.create_function(**members(spelling.format(name))), 201, CREATING)
    assert made["FunctionName"] == name


def test_create_refuses_a_name_that_exists(api, function):
    refused(api.create_function(**members(function)), 409, CONFLICT, f"Function already exist: {function}")


def test_create_refuses_what_is_no_archive(api, name):
    refused(api.create_function(**members(name, Code={"ZipFile": b"this is no zip"})), 400, IPVE,
            "Could not unzip uploaded file. Please check your file, then try to upload again.")
    assert api.get_function(FunctionName=name).status == 404


@pytest.mark.parametrize("role", ["arn:aws:iam::000000000000:role/unheard-of",
                                  "arn:aws:iam::111111111111:role/onput-implied"])
def test_create_refuses_a_role_that_it_cannot_assume(api, name, role):
    refused(api.create_function(**members(name, Role=role)), 400, IPVE,
            "The role defined for the function cannot be assumed by Lambda.")


def test_create_refuses_a_runtime_that_nobody_has(api, name):
    refused(api.create_function(**members(name, Runtime="cobol85")), 400, IPVE, re.compile(
        r"^Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.+\] or be "
        r"a valid ARN$"))


def test_create_refuses_a_runtime_of_the_past(api, name):
    refused(api.create_function(**members(name, Runtime="python3.7")), 400, IPVE,
            "The runtime parameter of python3.7 is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions.")


def test_create_says_that_a_bucket_brings_no_code(api, name):
    refused(api.create_function(**members(name, Code={"S3Bucket": "photos", "S3Key": "code.zip"})), 400, IPVE,
            re.compile("built-in function takes no code from a bucket"))


def test_create_says_how_to_have_a_runtime_that_is_not_here(api, name):
    refused(api.create_function(**members(name, Runtime="java21", Handler="app.Handler",
                                          Code={"ZipFile": zip_bytes()})), 400, IPVE,
            "The runtime java21 is not available here: add runtimes.java21.command to the configuration.")


def test_create_refuses_a_handler_that_is_no_builtin_function(api, name):
    refused(api.create_function(**members(name, Handler="handler")), 400, IPVE, re.compile("handler"))


def test_create_refuses_more_than_4_kib_of_environment(api, name):
    answer = api.create_function(**members(name, Environment={"Variables": {"BIG": "x" * 5000}}))
    refused(answer, 400, IPVE,
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided exceeded the 4KB limit. String measured: " + json.dumps({"BIG": "x" * 5000},
                                                                              separators=(",", ":")))


def test_create_refuses_reserved_names_in_the_environment(api, name):
    answer = api.create_function(**members(name, Environment={"Variables": {"AWS_REGION": "x"}}))
    refused(answer, 400, IPVE,
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            "this request: AWS_REGION")


def test_create_refuses_an_archive_of_more_than_50_mib(api, name):
    refused(api.create_function(**members(name, Code={"ZipFile": b"PK" + bytes(52428800)})), 413,
            "RequestEntityTooLargeException", "Zipped size must be smaller than 52428800 bytes")


def test_create_refuses_a_request_that_is_too_large(api, name):
    refused(api.create_function(**members(name, Code={"ZipFile": bytes(53_000_000)})), 413,
            "RequestEntityTooLargeException",
            "Request must be smaller than 70167211 bytes for the CreateFunction operation")


# ---- GetFunction and GetFunctionConfiguration ----

def test_get_answers_code_and_configuration(api, name, make):
    made = make(name)
    got = accepted(api.get_function(FunctionName=name), 200, {"Code", "Configuration"})
    assert got["Configuration"] == made
    assert got["Code"] == {"RepositoryType": "S3"}  # no Location: a built-in function keeps no archive
    assert accepted(api.get_function_configuration(FunctionName=name), 200, CONFIGURATION) == made


def test_get_shows_concurrency_and_tags_when_there_are_some(api, function):
    assert api.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=3).status == 200
    assert api.tag_resource(Resource=function_arn(function), Tags={"a": "b"}).status == 204
    got = accepted(api.get_function(FunctionName=function), 200, {"Code", "Configuration", "Tags", "Concurrency"})
    assert (got["Tags"], got["Concurrency"]) == ({"a": "b"}, {"ReservedConcurrentExecutions": 3})


@pytest.mark.parametrize("qualifier, version", [("live", "1"), ("1", "1"), ("2", "2"), ("$LATEST", "$LATEST")])
@pytest.mark.parametrize("spelling", ["parameter", "name", "arn", "both"])
def test_get_echoes_the_qualifier_in_the_arn(api, versioned, qualifier, version, spelling):
    asked = {"parameter": {"FunctionName": versioned, "Qualifier": qualifier},
             "name": {"FunctionName": f"{versioned}:{qualifier}"},
             "arn": {"FunctionName": function_arn(versioned, qualifier)},
             "both": {"FunctionName": function_arn(versioned, qualifier), "Qualifier": qualifier}}[spelling]
    got = accepted(api.get_function_configuration(**asked), 200, CONFIGURATION)
    assert (got["FunctionArn"], got["Version"]) == (function_arn(versioned, qualifier), version)
    got = accepted(api.get_function(**asked), 200, {"Code", "Configuration"})["Configuration"]
    assert (got["FunctionArn"], got["Version"]) == (function_arn(versioned, qualifier), version)


@pytest.mark.parametrize("spelling", [
    "{}", "function:{}", "000000000000:function:{}", "arn:aws:lambda:us-east-1:000000000000:function:{}",
    "us-east-1:000000000000:function:{}"])
def test_a_function_is_found_under_every_spelling(api, function, spelling):
    got = api.get_function_configuration(FunctionName=spelling.format(function))
    assert got.status == 200 and got.json["FunctionArn"] == function_arn(function), got


@pytest.mark.parametrize("operation, more", [
    ("get_function", {}), ("get_function_configuration", {}), ("delete_function", {}),
    ("update_function_code", {"ZipFile": zip_bytes()}), ("update_function_configuration", {"Timeout": 5}),
    ("publish_version", {}), ("list_versions_by_function", {}), ("list_aliases", {})])
def test_a_missing_function_is_named_by_its_arn(api, operation, more):
    refused(getattr(api, operation)(FunctionName="missing", **more), 404, NOT_FOUND,
            f"Function not found: {function_arn('missing')}")


@pytest.mark.parametrize("version", ["1", "$LATEST"])
def test_an_alias_of_a_missing_function_names_the_version(api, version):
    refused(api.create_alias(FunctionName="missing", Name="a", FunctionVersion=version), 404, NOT_FOUND,
            f"Function not found: {function_arn('missing', version)}")


@pytest.mark.parametrize("operation", ["get_function", "get_function_configuration"])
@pytest.mark.parametrize("name_of, qualifier", [("missing", "1"), ("missing", "live"), ("function", "7"),
                                                ("missing", "$LATEST"), ("function", "nobody")])
def test_a_missing_version_is_named_by_its_qualified_arn(api, function, operation, name_of, qualifier):
    name = function if name_of == "function" else name_of
    refused(getattr(api, operation)(FunctionName=name, Qualifier=qualifier), 404, NOT_FOUND,
            f"Function not found: {function_arn(name, qualifier)}")


# ---- function identifiers that cannot be ours ----

EVERY_READ = ["get_function", "get_function_configuration", "get_policy", "list_versions_by_function",
              "list_aliases", "get_function_concurrency", "get_function_event_invoke_config", "invoke"]


@pytest.mark.parametrize("operation", EVERY_READ)
def test_a_function_of_another_region_is_not_reachable(api, function, operation):
    refused(getattr(api, operation)(FunctionName=function_arn(function, region="eu-west-1")), 404, NOT_FOUND,
            "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')")


@pytest.mark.parametrize("operation", EVERY_READ)
def test_a_function_of_another_account_is_denied_without_a_text(api, function, operation):
    refused(getattr(api, operation)(FunctionName=function_arn(function, account="222222222222")), 403,
            "AccessDeniedException", None)


@pytest.mark.parametrize("operation", ["get_function", "get_function_configuration", "invoke", "get_policy"])
def test_two_different_qualifiers_are_refused(api, versioned, operation):
    refused(getattr(api, operation)(FunctionName=function_arn(versioned, "1"), Qualifier="live"), 400, IPVE,
            "The derived qualifier from the function name does not match the specified qualifier.")


# ---- ListFunctions ----

def listed(api, name, **members_of_request):
    answer = accepted(api.list_functions(MaxItems=1000, **members_of_request), 200, {"Functions"})
    return [item for item in answer["Functions"] if item["FunctionName"] == name]


def test_lists_leave_out_state(own):
    api = Api(own.endpoint)
    api.create_function(**members("f", Description="d"))
    [item] = listed(api, "f")
    assert set(item) == LISTED
    assert (item["FunctionArn"], item["Version"], item["Description"]) == (function_arn("f"), "$LATEST", "d")
    api.publish_version(FunctionName="f")
    assert len(listed(api, "f")) == 1
    both = listed(api, "f", FunctionVersion="ALL")
    assert [(item["FunctionArn"], item["Version"]) for item in both] == [
        (function_arn("f", "$LATEST"), "$LATEST"), (function_arn("f", "1"), "1")]
    assert all(set(item) == LISTED for item in both)


# ---- UpdateFunctionConfiguration ----

@pytest.mark.parametrize("member, value", [
    ("Description", "new"), ("Timeout", 7), ("MemorySize", 256), ("Handler", "context"),
    ("EphemeralStorage", {"Size": 2048}), ("TracingConfig", {"Mode": "Active"}),
    ("LoggingConfig", {"LogFormat": "Text", "LogGroup": "/other"}), ("Environment", {"Variables": {"A1": "b"}})])
def test_update_changes_what_it_names_and_nothing_else(api, name, make, member, value):
    made = make(name, Description="old", Timeout=9, Environment={"Variables": {"A0": "a"}})
    updated = accepted(api.update_function_configuration(FunctionName=name, **{member: value}), 200,
                       UPDATING | {"Environment"})
    assert updated[member] == value and updated["State"] == "Active"
    assert (updated["LastUpdateStatus"], updated["LastUpdateStatusReason"], updated["LastUpdateStatusReasonCode"]) == (
        "InProgress", "The function is being created.", "Creating")
    got = accepted(api.get_function_configuration(FunctionName=name), 200, CONFIGURATION | {"Environment"})
    changed = {key for key in got if got[key] != made[key]}
    # Without a package the hash stands for the handler.
    more = {"CodeSha256"} if member == "Handler" else set()
    assert changed - {"LastModified"} == {member, "RevisionId"} | more and got["LastUpdateStatus"] == "Successful"
    assert len({made["RevisionId"], updated["RevisionId"], got["RevisionId"]}) == 3


def test_a_redundant_update_makes_a_new_revision(api, name, make):
    made = make(name, Description="same")
    updated = accepted(api.update_function_configuration(FunctionName=name, Description="same"), 200, UPDATING)
    assert updated["RevisionId"] != made["RevisionId"] and updated["LastUpdateStatus"] == "InProgress"


@pytest.mark.parametrize("operation, change", [("update_function_configuration", {"Timeout": 8}),
                                               ("update_function_code", {"ZipFile": zip_bytes("new")})])
def test_updates_refuse_a_stale_revision(api, name, make, operation, change):
    made = make(name)
    update = getattr(api, operation)
    refused(update(FunctionName=name, RevisionId="00000000-0000-4000-8000-000000000000", **change), 412,
            PRECONDITION, STALE)
    assert api.get_function_configuration(FunctionName=name).json == made
    accepted(update(FunctionName=name, RevisionId=made["RevisionId"], **change), 200, UPDATING)
    refused(update(FunctionName=name, RevisionId=made["RevisionId"], **change), 412, PRECONDITION, STALE)


def test_update_checks_the_same_rules_as_create(api, function):
    update = api.update_function_configuration
    refused(update(FunctionName=function, Role="arn:aws:iam::000000000000:role/unheard-of"), 400, IPVE,
            "The role defined for the function cannot be assumed by Lambda.")
    refused(update(FunctionName=function, Environment={"Variables": {"AWS_REGION": "x"}}), 400, IPVE,
            re.compile("Reserved keys used in this request: AWS_REGION$"))
    refused(update(FunctionName=function, Environment={"Variables": {"BIG": "x" * 5000}}), 400, IPVE,
            re.compile("exceeded the 4KB limit"))
    refused(update(FunctionName=function, Handler="handler"), 400, IPVE, re.compile("handler"))
    refused(update(FunctionName=function, Runtime="cobol85"), 400, IPVE, re.compile("^Value cobol85 at 'runtime'"))


# ---- UpdateFunctionCode ----

def test_update_of_the_code_shows_its_size_and_hash(api, function):
    code = zip_bytes("second")
    updated = accepted(api.update_function_code(FunctionName=function, ZipFile=code), 200, UPDATING)
    assert (updated["CodeSize"], updated["CodeSha256"], updated["Version"]) == (len(code), sha256(code), "$LATEST")
    got = accepted(api.get_function_configuration(FunctionName=function), 200, CONFIGURATION)
    assert (got["CodeSize"], got["CodeSha256"]) == (len(code), sha256(code))


def test_update_of_the_code_publishes_on_request(api, function):
    answer = api.update_function_code(FunctionName=function, ZipFile=zip_bytes("p"), Publish=True)
    updated = accepted(answer, 200, set(answer.json))
    assert updated["Version"] == "1"
    assert api.get_function_configuration(FunctionName=function, Qualifier="1").status == 200


def test_a_dry_run_of_new_code_changes_nothing(api, name, make):
    made = make(name)
    code = zip_bytes("dry")
    shown = accepted(api.update_function_code(FunctionName=name, ZipFile=code, DryRun=True), 200, CONFIGURATION)
    assert shown["CodeSha256"] == sha256(code)
    assert api.get_function_configuration(FunctionName=name).json == made


def test_update_of_the_code_changes_the_architecture(api, function):
    updated = accepted(api.update_function_code(FunctionName=function, ZipFile=zip_bytes(), Architectures=["arm64"]),
                       200, UPDATING)
    assert updated["Architectures"] == ["arm64"]


def test_update_of_the_code_needs_code(api, function):
    refused(api.update_function_code(FunctionName=function), 400, IPVE,
            "Please provide a source for function code.")


def test_update_of_the_code_refuses_what_is_no_archive(api, function):
    refused(api.update_function_code(FunctionName=function, ZipFile=b"no zip"), 400, IPVE,
            "Could not unzip uploaded file. Please check your file, then try to upload again.")


# ---- DeleteFunction ----

def test_delete_takes_everything_along(api, versioned):
    api.add_permission(FunctionName=versioned, StatementId="s", Action="lambda:InvokeFunction",
                       Principal="s3.amazonaws.com")
    api.put_function_event_invoke_config(FunctionName=versioned, MaximumRetryAttempts=0)
    api.put_function_concurrency(FunctionName=versioned, ReservedConcurrentExecutions=1)
    api.create_function_url_config(FunctionName=versioned, AuthType="NONE")
    api.tag_resource(Resource=function_arn(versioned), Tags={"a": "b"})
    accepted(api.delete_function(FunctionName=versioned), 204)
    assert api.get_function(FunctionName=versioned).status == 404
    api.create_function(**members(versioned))
    accepted(api.get_function(FunctionName=versioned), 200, {"Code", "Configuration"})
    assert [v["Version"] for v in api.list_versions_by_function(FunctionName=versioned).json["Versions"]] == ["$LATEST"]
    assert api.list_aliases(FunctionName=versioned).json == {"Aliases": []}
    assert api.get_policy(FunctionName=versioned).status == 404
    assert api.get_function_event_invoke_config(FunctionName=versioned).status == 404
    assert api.get_function_concurrency(FunctionName=versioned).json == {}
    assert api.get_function_url_config(FunctionName=versioned).status == 404


def test_delete_of_latest_alone_is_refused(api, versioned):
    refused(api.delete_function(FunctionName=versioned, Qualifier="$LATEST"), 400, IPVE,
            "$LATEST version cannot be deleted without deleting the function.")


def test_delete_of_an_alias_is_refused(api, versioned):
    refused(api.delete_function(FunctionName=versioned, Qualifier="live"), 400, IPVE,
            "Deletion of aliases is not currently supported.")


def test_a_version_is_deleted_alone(api, versioned):
    accepted(api.delete_function(FunctionName=versioned, Qualifier="2"), 204)
    assert api.get_function(FunctionName=versioned, Qualifier="2").status == 404
    assert api.get_function(FunctionName=versioned, Qualifier="1").status == 200


def test_a_version_can_be_named_in_the_identifier(api, versioned):
    accepted(api.delete_function(FunctionName=function_arn(versioned, "2")), 204)
    assert api.get_function(FunctionName=f"{versioned}:2").status == 404


def test_delete_of_a_version_that_does_not_exist_succeeds(api, versioned):
    accepted(api.delete_function(FunctionName=versioned, Qualifier="77"), 204)
