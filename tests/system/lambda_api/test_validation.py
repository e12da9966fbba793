"""ValidationException: a request's shape, member by member, in AWS's words."""

import json
import re

import pytest

from api import IPVE, VALIDATION, invalid, refused, sign
from server import ROLE

NAMESPACED = (r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"
              r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?")
QUALIFIER = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"


def pattern(text):
    return f"satisfy regular expression pattern: {text}"


def create(name="valid", **changes):
    return {"FunctionName": name, "Role": ROLE, "Runtime": "onput.builtin", "Handler": "echo", "Code": {}, **changes}


def permission(**changes):
    return {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com", **changes}


# ---- identifiers ----

@pytest.mark.parametrize("operation, more", [
    ("get_function", {}), ("get_function_configuration", {}), ("get_policy", {}), ("invoke", {}),
    ("list_versions_by_function", {}), ("get_function_event_invoke_config", {}),
    ("add_permission", {"StatementId": "s", "Action": "lambda:*", "Principal": "*"}),
    ("remove_permission", {"StatementId": "s"})])
@pytest.mark.parametrize("name", ["a b", "f:g:h:i", "ünicode", "f:$OTHER", "f?", "arn:aws:s3:::b"])
def test_an_identifier_of_no_form(api, operation, more, name):
    invalid(getattr(api, operation)(FunctionName=name, **more), (name, "functionName", pattern(NAMESPACED)))


@pytest.mark.parametrize("operation", ["get_function", "get_policy", "invoke"])
def test_an_identifier_that_is_too_long(api, operation):
    name = "a" * 257
    invalid(getattr(api, operation)(FunctionName=name), (name, "functionName", "have length less than or equal to 256"))


@pytest.mark.parametrize("operation, more", [
    ("update_function_configuration", {}), ("publish_version", {}), ("put_function_concurrency",
                                                                     {"ReservedConcurrentExecutions": 1}),
    ("create_alias", {"Name": "a", "FunctionVersion": "1"}), ("delete_alias", {"Name": "a"})])
def test_other_operations_take_shorter_names_without_dots(api, operation, more):
    answer = getattr(api, operation)(FunctionName="a.b", **more)
    refused(answer, 400, VALIDATION, re.compile(
        r"^1 validation error detected: Value 'a\.b' at 'functionName' failed to satisfy constraint: Member must "
        r"satisfy regular expression pattern: .*\[a-zA-Z0-9-_\]\+\)"))
    name = "a" * 141
    invalid(getattr(api, operation)(FunctionName=name, **more),
            (name, "functionName", "have length less than or equal to 140"))


@pytest.mark.parametrize("operation", ["get_function", "get_function_configuration", "get_policy", "invoke"])
@pytest.mark.parametrize("qualifier", ["a b", "a.b", "ü"])
def test_a_qualifier_of_no_form(api, operation, qualifier):
    invalid(getattr(api, operation)(FunctionName="declared-echo", Qualifier=qualifier),
            (qualifier, "qualifier", pattern(QUALIFIER)))


def test_a_qualifier_that_is_too_long(api):
    qualifier = "q" * 129
    invalid(api.get_function(FunctionName="f", Qualifier=qualifier),
            (qualifier, "qualifier", "have length less than or equal to 128"))


def test_two_failures_are_joined(api):
    answer = api.get_function(FunctionName="a b", Qualifier="c d")
    both = [("a b", "functionName", pattern(NAMESPACED)), ("c d", "qualifier", pattern(QUALIFIER))]
    joined(answer, both)


def joined(answer, failures):
    """As invalid(), in any order."""
    texts = {f"Value {'null' if value is None else repr(str(value))} at '{path}' failed to satisfy constraint: Member "
             f"must {constraint}" for value, path, constraint in failures}
    prefix = f"{len(failures)} validation error{'s' if len(failures) > 1 else ''} detected: "
    message = answer.json["message"]
    assert message.startswith(prefix) and set(message[len(prefix):].split("; ")) == texts, answer
    refused(answer, 400, VALIDATION, message)


# ---- CreateFunction ----

ROLE_PATTERN = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"


@pytest.mark.parametrize("change, failure", [
    ({"Role": "nobody"}, ("nobody", "role", pattern(ROLE_PATTERN))),
    ({"Role": "arn:aws:iam::1:role/x"}, ("arn:aws:iam::1:role/x", "role", pattern(ROLE_PATTERN))),
    ({"Handler": "a b"}, ("a b", "handler", pattern(r"[^\s]+"))),
    ({"Handler": "h" * 129}, ("h" * 129, "handler", "have length less than or equal to 128")),
    ({"Description": "d" * 257}, ("d" * 257, "description", "have length less than or equal to 256")),
    ({"Timeout": 0}, (0, "timeout", "have value greater than or equal to 1")),
    ({"Timeout": 901}, (901, "timeout", "have value less than or equal to 900")),
    ({"MemorySize": 127}, (127, "memorySize", "have value greater than or equal to 128")),
    ({"MemorySize": 10241}, (10241, "memorySize", "have value less than or equal to 10240")),
    ({"PackageType": "Tar"}, ("Tar", "packageType", "satisfy enum value set: [Zip, Image]")),
    ({"TracingConfig": {"Mode": "On"}},
     ("On", "tracingConfig.mode", "satisfy enum value set: [Active, PassThrough]")),
    ({"EphemeralStorage": {"Size": 511}}, (511, "ephemeralStorage.size", "have value greater than or equal to 512")),
    ({"EphemeralStorage": {"Size": 10241}}, (10241, "ephemeralStorage.size", "have value less than or equal to 10240")),
    ({"SnapStart": {"ApplyOn": "All"}},
     ("All", "snapStart.applyOn", "satisfy enum value set: [PublishedVersions, None]")),
    ({"Code": {"S3Bucket": "ab", "S3Key": "k"}}, ("ab", "code.s3Bucket", "have length greater than or equal to 3")),
], ids=lambda value: "" if isinstance(value, tuple) else "-".join(value))
def test_members_of_create_function(api, change, failure):
    invalid(api.create_function(**create(**change)), failure)


@pytest.mark.parametrize("member, path", [("FunctionName", "functionName"), ("Role", "role"), ("Code", "code")])
def test_create_function_needs(api, member, path):
    members = create()
    del members[member]
    invalid(api.create_function(**members), (None, path, "not be null"))


def test_architectures_are_checked_one_by_one(api):
    refused(api.create_function(**create(Architectures=["sparc"])), 400, VALIDATION,
            "1 validation error detected: Value '[sparc]' at 'architectures' failed to satisfy constraint: Member must "
            "satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]")


def test_a_name_that_is_too_long_is_another_error(api):
    name = "a" * 65
    answer = api.create_function(**create(name))
    refused(answer, 400, IPVE, "1 validation error detected: Value '%s' at 'functionName' failed to satisfy "
            "constraint: Member must have length less than or equal to 64" % name)


def test_a_name_with_a_dot_cannot_be_made(api):
    refused(api.create_function(**create("a.b")), 400, VALIDATION,
            re.compile(r"^1 validation error detected: Value 'a\.b' at 'functionName'"))


def test_keys_of_the_environment_are_checked(api):
    answer = api.create_function(**create(Environment={"Variables": {"1A": "x"}}))
    refused(answer, 400, VALIDATION, re.compile(
        r"at 'environment\.variables' failed to satisfy constraint: Map keys must satisfy constraint: \[Member must "
        r"satisfy regular expression pattern: \[a-zA-Z\]\(\[a-zA-Z0-9_\]\)\+\]$"))


def test_five_failures_are_joined(api):
    answer = api.create_function(**create(Timeout=0, MemorySize=1, Description="d" * 257, Handler="a b",
                                          PackageType="Tar"))
    joined(answer, [(0, "timeout", "have value greater than or equal to 1"),
                    (1, "memorySize", "have value greater than or equal to 128"),
                    ("d" * 257, "description", "have length less than or equal to 256"),
                    ("a b", "handler", pattern(r"[^\s]+")),
                    ("Tar", "packageType", "satisfy enum value set: [Zip, Image]")])


# ---- permissions ----

@pytest.mark.parametrize("change, failure", [
    ({"StatementId": "a.b"}, ("a.b", "statementId", pattern("([a-zA-Z0-9-_]+)"))),
    ({"StatementId": "a b"}, ("a b", "statementId", pattern("([a-zA-Z0-9-_]+)"))),
    ({"StatementId": "s" * 101}, ("s" * 101, "statementId", "have length less than or equal to 100")),
    ({"Action": "s3:GetObject"}, ("s3:GetObject", "action", pattern("(lambda:[*]|lambda:[a-zA-Z]+|[*])"))),
    ({"Principal": "a b"}, ("a b", "principal", pattern(r"[^\s]+"))),
    ({"SourceAccount": "123"}, ("123", "sourceAccount", pattern(r"\d{12}"))),
    ({"EventSourceToken": "a b"}, ("a b", "eventSourceToken", pattern(r"[a-zA-Z0-9._\-]+"))),
    ({"FunctionUrlAuthType": "SOME"}, ("SOME", "functionUrlAuthType", "satisfy enum value set: [NONE, AWS_IAM]")),
    ({"PrincipalOrgID": "x-1234567890"}, ("x-1234567890", "principalOrgID", pattern("o-[a-z0-9]{10,32}"))),
    ({"Qualifier": "a.b"}, ("a.b", "qualifier", pattern(QUALIFIER))),
], ids=lambda value: "" if isinstance(value, tuple) else "-".join(value))
def test_members_of_add_permission(api, change, failure):
    invalid(api.add_permission(**permission(**change)), failure)


@pytest.mark.parametrize("member, path", [("StatementId", "statementId"), ("Action", "action"),
                                          ("Principal", "principal")])
def test_add_permission_needs(api, member, path):
    members = permission()
    del members[member]
    invalid(api.add_permission(**members), (None, path, "not be null"))


def test_remove_permission_checks_the_statement(api):
    invalid(api.remove_permission(FunctionName="declared-echo", StatementId="a b"),
            ("a b", "statementId", pattern(r"([a-zA-Z0-9-_.]+)")))


# ---- the others ----

@pytest.mark.parametrize("operation, members, failure", [
    ("put_function_event_invoke_config", {"MaximumRetryAttempts": 3},
     (3, "maximumRetryAttempts", "have value less than or equal to 2")),
    ("put_function_event_invoke_config", {"MaximumRetryAttempts": -1},
     (-1, "maximumRetryAttempts", "have value greater than or equal to 0")),
    ("put_function_event_invoke_config", {"MaximumEventAgeInSeconds": 59},
     (59, "maximumEventAgeInSeconds", "have value greater than or equal to 60")),
    ("put_function_event_invoke_config", {"MaximumEventAgeInSeconds": 21601},
     (21601, "maximumEventAgeInSeconds", "have value less than or equal to 21600")),
    ("put_function_event_invoke_config", {"DestinationConfig": {"OnFailure": {"Destination": "a" * 351}}}, None),
    ("put_function_event_invoke_config", {"DestinationConfig": {"OnFailure": {"Destination": "nowhere"}}}, None),
    ("put_function_concurrency", {"ReservedConcurrentExecutions": -1},
     (-1, "reservedConcurrentExecutions", "have value greater than or equal to 0")),
    ("put_function_concurrency", {}, (None, "reservedConcurrentExecutions", "not be null")),
    ("create_function_url_config", {}, (None, "authType", "not be null")),
    ("create_function_url_config", {"AuthType": "SOME"},
     ("SOME", "authType", "satisfy enum value set: [NONE, AWS_IAM]")),
    ("create_function_url_config", {"AuthType": "NONE", "InvokeMode": "FAST"},
     ("FAST", "invokeMode", "satisfy enum value set: [BUFFERED, RESPONSE_STREAM]")),
    ("create_function_url_config", {"AuthType": "NONE", "Cors": {"MaxAge": 86401}},
     (86401, "cors.maxAge", "have value less than or equal to 86400")),
    ("create_alias", {"Name": "1", "FunctionVersion": "1"},
     ("1", "name", pattern("(?!^[0-9]+$)([a-zA-Z0-9-_]+)"))),
    ("create_alias", {"Name": "a", "FunctionVersion": "x"},
     ("x", "functionVersion", pattern(r"(\$LATEST|[0-9]+)"))),
    ("create_alias", {"FunctionVersion": "1"}, (None, "name", "not be null")),
    ("create_alias", {"Name": "a"}, (None, "functionVersion", "not be null")),
    ("invoke", {"InvocationType": "Later"},
     ("Later", "invocationType", "satisfy enum value set: [Event, RequestResponse, DryRun]")),
    ("invoke", {"LogType": "Head"}, ("Head", "logType", "satisfy enum value set: [None, Tail]")),
])
def test_members_of_other_operations(api, operation, members, failure):
    answer = getattr(api, operation)(FunctionName="declared-echo", **members)
    if failure is None:
        refused(answer, 400, VALIDATION, re.compile("at 'destinationConfig.onFailure.destination' failed to satisfy"))
    else:
        invalid(answer, failure)


def test_weights_are_numbers_of_versions(api):
    answer = api.create_alias(FunctionName="declared-echo", Name="a", FunctionVersion="1",
                              RoutingConfig={"AdditionalVersionWeights": {"$LATEST": 0.5}})
    refused(answer, 400, VALIDATION, re.compile(
        r"at 'routingConfig\.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy "
        "constraint: "))


def test_weights_are_shares(api):
    answer = api.create_alias(FunctionName="declared-echo", Name="a", FunctionVersion="1",
                              RoutingConfig={"AdditionalVersionWeights": {"2": 1.5}})
    refused(answer, 400, VALIDATION, re.compile(
        r"at 'routingConfig\.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy "
        r"constraint: \[Member must have value less than or equal to 1"))


@pytest.mark.parametrize("tags, words", [({"": "x"}, "Map keys must satisfy constraint: "),
                                         ({"k" * 129: "x"}, "Map keys must satisfy constraint: "),
                                         ({"k": "v" * 257}, "Map value must satisfy constraint: ")])
def test_tags_are_checked(api, tags, words):
    answer = api.tag_resource(Resource="arn:aws:lambda:us-east-1:000000000000:function:declared-echo", Tags=tags)
    refused(answer, 400, VALIDATION, re.compile("at 'tags' failed to satisfy constraint: " + re.escape(words)))


def test_a_tagged_resource_is_an_arn(api):
    refused(api.list_tags(Resource="declared-echo"), 400, VALIDATION, re.compile("^1 validation error detected: Value "
                                                                                 "'declared-echo' at 'resource'"))


# ---- bodies that are no members ----

def post(onput, body):
    path = "/2015-03-31/functions"
    headers = dict(sign("POST", onput.endpoint + path, body, headers={"Content-Type": "application/json"}).headers)
    return onput.http("POST", path, body, headers)


@pytest.mark.parametrize("body", [b"{", b"[]", b"no json", b'{"FunctionName":', b"\xff\xfe"])
def test_a_body_that_is_no_object(onput, body):
    answer = post(onput, body)
    assert answer.status == 400 and answer.headers["x-amzn-ErrorType"] in (
        "InvalidRequestContentException", "SerializationException", VALIDATION), answer.body


@pytest.mark.parametrize("members", [{"Timeout": "soon"}, {"Timeout": {}}, {"Publish": "perhaps"},
                                     {"Architectures": "x86_64"}, {"Environment": []}, {"Code": "zip"},
                                     {"Description": 7}, {"Tags": {"a": []}}, {"Code": {"ZipFile": "%%%"}}])
def test_a_member_of_another_type(onput, members):
    answer = post(onput, json.dumps(create(**members)).encode())
    assert answer.status == 400 and answer.headers["x-amzn-ErrorType"] in (
        "SerializationException", "InvalidRequestContentException", VALIDATION), answer.body


def test_members_that_nobody_knows_are_ignored(onput, api, name):
    answer = post(onput, json.dumps(create(name, Unheard="of", Nothing=None)).encode())
    assert answer.status == 201, answer.body
    assert "Unheard" not in api.get_function_configuration(FunctionName=name).json


def test_a_deep_body_is_refused(onput):
    answer = post(onput, b'{"FunctionName":' + b"[" * 10000 + b"]" * 10000 + b"}")
    assert answer.status == 400
