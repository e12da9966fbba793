"""AddPermission, RemovePermission, GetPolicy, and the statements that they make."""

import json
import re

import pytest

from api import CONFLICT, IPVE, NOT_FOUND, PRECONDITION, UUID, accepted, function_arn, refused
from server import ACCOUNT

STALE = ("The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the "
         "latest Revision Id")
INVALID_PRINCIPAL = "The provided principal was invalid. Please check the principal and try again."
GONE = "The resource you requested does not exist."


def add(api, function, sid="s1", **members):
    return api.add_permission(**{"FunctionName": function, "StatementId": sid, "Action": "lambda:InvokeFunction",
                                 "Principal": "s3.amazonaws.com", **members})


def statement_of(answer):
    return accepted(answer, 201, {"Statement"})["Statement"]


def policy(api, function, **members):
    got = accepted(api.get_policy(FunctionName=function, **members), 200, {"Policy", "RevisionId"})
    assert UUID.match(got["RevisionId"])
    return got["Policy"], got["RevisionId"]


def expected(function, sid="s1", principal=None, action="lambda:InvokeFunction", qualifier=None, condition=None):
    """A statement as text: compact, its keys in AWS's order."""
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal or {"Service": "s3.amazonaws.com"},
                 "Action": action, "Resource": function_arn(function, qualifier)}
    if condition:
        statement["Condition"] = condition
    return json.dumps(statement, separators=(",", ":"))


def document(*statements):
    return '{"Version":"2012-10-17","Id":"default","Statement":[' + ",".join(statements) + "]}"


# ---- what AddPermission makes ----

@pytest.mark.parametrize("principal, shown", [
    ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
    ("events.amazonaws.com", {"Service": "events.amazonaws.com"}),
    ("s3.amazonaws.com.cn", {"Service": "s3.amazonaws.com.cn"}),
    ("alexa-appkit.amazon.com", {"Service": "alexa-appkit.amazon.com"}),
    ("123456789012", {"AWS": "arn:aws:iam::123456789012:root"}),
    ("arn:aws:iam::123456789012:root", {"AWS": "arn:aws:iam::123456789012:root"}),
    (f"arn:aws:iam::{ACCOUNT}:user/alice", {"AWS": f"arn:aws:iam::{ACCOUNT}:user/alice"}),
    (f"arn:aws:iam::{ACCOUNT}:role/onput-implied", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/onput-implied"}),
    ("*", "*"),
])
def test_the_principal_takes_its_form(api, function, principal, shown):
    statement = statement_of(add(api, function, Principal=principal))
    assert statement == expected(function, principal=shown)
    assert policy(api, function)[0] == document(statement)


@pytest.mark.parametrize("action", ["lambda:InvokeFunction", "lambda:*", "*", "lambda:GetFunction",
                                    "lambda:InvokeFunctionUrl"])
def test_the_action_is_kept_as_it_is(api, function, action):
    assert statement_of(add(api, function, Action=action)) == expected(function, action=action)


@pytest.mark.parametrize("members, condition", [
    ({"SourceArn": "arn:aws:s3:::b"}, {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}),
    ({"SourceAccount": "111111111111"}, {"StringEquals": {"AWS:SourceAccount": "111111111111"}}),
    ({"EventSourceToken": "amzn1.ask"}, {"StringEquals": {"lambda:EventSourceToken": "amzn1.ask"}}),
    ({"PrincipalOrgID": "o-1234567890"}, {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}),
    ({"FunctionUrlAuthType": "NONE", "Action": "lambda:InvokeFunctionUrl"},
     {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}),
    ({"InvokedViaFunctionUrl": True}, {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}),
    ({"SourceArn": "arn:aws:s3:::b", "SourceAccount": "111111111111"},
     {"StringEquals": {"AWS:SourceAccount": "111111111111"}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}),
    ({"SourceArn": "arn:aws:s3:::bucket", "SourceAccount": "111111111111", "FunctionUrlAuthType": "NONE",
      "PrincipalOrgID": "o-1234567890", "Action": "lambda:InvokeFunctionUrl", "Principal": "*"},
     {"StringEquals": {"AWS:SourceAccount": "111111111111", "lambda:FunctionUrlAuthType": "NONE",
                       "aws:PrincipalOrgID": "o-1234567890"}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}}),
], ids=["arn", "account", "token", "organisation", "url", "via url", "arn and account", "everything"])
def test_members_become_conditions(api, function, members, condition):
    statement = statement_of(add(api, function, **members))
    assert statement == expected(function, action=members.get("Action", "lambda:InvokeFunction"),
                                 principal=members.get("Principal"), condition=condition)


@pytest.mark.parametrize("qualifier", ["live", "1"])
@pytest.mark.parametrize("spelling", ["parameter", "name", "arn"])
def test_a_qualifier_has_a_policy_of_its_own(api, versioned, qualifier, spelling):
    asked = {"parameter": {"function": versioned, "Qualifier": qualifier},
             "name": {"function": f"{versioned}:{qualifier}"},
             "arn": {"function": function_arn(versioned, qualifier)}}[spelling]
    statement = statement_of(add(api, **asked))
    assert statement == expected(versioned, qualifier=qualifier)
    assert policy(api, versioned, Qualifier=qualifier)[0] == document(statement)
    assert api.get_policy(FunctionName=versioned).status == 404


def test_the_same_sid_may_stand_in_every_qualifier(api, versioned):
    for qualifier in ({}, {"Qualifier": "1"}, {"Qualifier": "2"}, {"Qualifier": "live"}):
        statement_of(add(api, versioned, **qualifier))


def test_statements_stand_in_the_order_of_their_coming(api, function):
    made = [statement_of(add(api, function, sid)) for sid in ("z", "a", "m")]
    assert policy(api, function)[0] == document(*made)
    accepted(api.remove_permission(FunctionName=function, StatementId="a"), 204)
    assert policy(api, function)[0] == document(made[0], made[2])


def test_statements_of_the_configuration_and_of_the_api_meet(api):
    before = json.loads(policy(api, "declared-echo")[0])["Statement"]
    assert before[0] == {"Sid": "declared", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
                         "Action": "lambda:InvokeFunction", "Resource": function_arn("declared-echo"),
                         "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::declared"}}}
    statement = statement_of(add(api, "declared-echo", "of-the-api"))
    assert json.loads(policy(api, "declared-echo")[0])["Statement"] == before + [json.loads(statement)]
    accepted(api.remove_permission(FunctionName="declared-echo", StatementId="of-the-api"), 204)


# ---- what AddPermission refuses ----

@pytest.mark.parametrize("principal", [
    "invalid.nonaws.com", "alice", "12345", f"arn:aws:iam::{ACCOUNT}:user/unheard-of",
    f"arn:aws:iam::{ACCOUNT}:role/unheard-of", "arn:aws:s3:::bucket"])
def test_an_unknown_principal_is_refused(api, function, principal):
    refused(add(api, function, Principal=principal), 400, IPVE, INVALID_PRINCIPAL)
    assert api.get_policy(FunctionName=function).status == 404


def test_latest_has_no_policy_of_its_own(api, function):
    text = "We currently do not support adding policies for $LATEST."
    refused(add(api, function, Qualifier="$LATEST"), 400, IPVE, text)
    refused(add(api, f"{function}:$LATEST"), 400, IPVE, text)


def test_add_to_a_missing_function(api):
    refused(add(api, "missing"), 404, NOT_FOUND, f"Function not found: {function_arn('missing')}")


def test_add_to_a_missing_alias(api, function):
    refused(add(api, function, Qualifier="nobody"), 404, NOT_FOUND,
            f"Cannot find alias arn: {function_arn(function, 'nobody')}")


@pytest.mark.parametrize("qualifier", ["42", "valid-with-$-but-doesnotexist"])
def test_add_to_a_missing_version(api, function, qualifier):
    refused(add(api, function, Qualifier=qualifier), 404, NOT_FOUND,
            f"Function not found: {function_arn(function, qualifier)}")


@pytest.mark.parametrize("qualifier", [{}, {"Qualifier": "live"}], ids=["function", "alias"])
def test_a_sid_is_taken_once(api, versioned, qualifier):
    statement = statement_of(add(api, versioned, "s3", **qualifier))
    refused(add(api, versioned, "s3", Principal="*", **qualifier), 409, CONFLICT,
            "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing "
            "statement.")
    assert policy(api, versioned, **qualifier)[0] == document(statement)


def test_the_auth_type_goes_with_calls_of_urls_only(api, function):
    refused(add(api, function, FunctionUrlAuthType="NONE"), 400, IPVE,
            "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")


def test_a_policy_has_20480_bytes_at_most(api, function):
    account, size = "arn:aws:s3:::" + "b" * 600, 0
    for number in range(100):
        answer = add(api, function, f"statement-{number:03}", SourceArn=account)
        if answer.status != 201:
            break
        size = len(policy(api, function)[0])
    match = re.search(r"\((\d+)\)", answer.json["message"])
    refused(answer, 400, "PolicyLengthExceededException",
            f"The final policy size ({match[1]}) is bigger than the limit (20480).")
    added = len(expected(function, f"statement-{number:03}", condition={"ArnLike": {"AWS:SourceArn": account}})) + 1
    assert size <= 20480 < size + added == int(match[1])
    assert len(policy(api, function)[0]) == size


# ---- revisions ----

def test_every_change_makes_a_new_revision(api, function):
    add(api, function, "one")
    _, first = policy(api, function)
    assert policy(api, function)[1] == first
    add(api, function, "two")
    _, second = policy(api, function)
    api.remove_permission(FunctionName=function, StatementId="two")
    _, third = policy(api, function)
    assert len({first, second, third}) == 3


def test_a_policy_keeps_its_revision_when_the_function_changes(api, function):
    add(api, function)
    _, before = policy(api, function)
    api.update_function_configuration(FunctionName=function, Description="new")
    api.publish_version(FunctionName=function)
    assert policy(api, function)[1] == before


@pytest.mark.parametrize("qualifier", [{}, {"Qualifier": "live"}], ids=["function", "alias"])
def test_changes_refuse_a_stale_revision(api, versioned, qualifier):
    add(api, versioned, "one", **qualifier)
    document_before, revision = policy(api, versioned, **qualifier)
    stale = {"RevisionId": "00000000-0000-4000-8000-000000000000", **qualifier}
    refused(add(api, versioned, "two", **stale), 412, PRECONDITION, STALE)
    refused(api.remove_permission(FunctionName=versioned, StatementId="one", **stale), 412, PRECONDITION, STALE)
    assert policy(api, versioned, **qualifier) == (document_before, revision)
    statement_of(add(api, versioned, "two", RevisionId=revision, **qualifier))
    _, revision = policy(api, versioned, **qualifier)
    accepted(api.remove_permission(FunctionName=versioned, StatementId="one", RevisionId=revision, **qualifier), 204)


def test_the_first_statement_takes_the_functions_revision(api, function):
    revision = api.get_function_configuration(FunctionName=function).json["RevisionId"]
    statement_of(add(api, function, RevisionId=revision))


def test_the_first_statement_of_an_alias_takes_the_aliass_revision(api, versioned):
    revision = api.get_alias(FunctionName=versioned, Name="live").json["RevisionId"]
    statement_of(add(api, versioned, Qualifier="live", RevisionId=revision))


# ---- RemovePermission ----

def test_remove_from_a_missing_function(api):
    refused(api.remove_permission(FunctionName="missing", StatementId="s"), 404, NOT_FOUND,
            f"No policy found for: {function_arn('missing')}")


def test_remove_from_a_function_without_policy(api, function):
    refused(api.remove_permission(FunctionName=function, StatementId="s"), 404, NOT_FOUND,
            "No policy is associated with the given resource.")


def test_remove_from_a_missing_alias(api, function):
    refused(api.remove_permission(FunctionName=function, StatementId="s", Qualifier="nobody"), 404, NOT_FOUND,
            f"Cannot find alias arn: {function_arn(function, 'nobody')}")


def test_remove_of_an_unknown_statement(api, function):
    add(api, function)
    refused(api.remove_permission(FunctionName=function, StatementId="other"), 404, NOT_FOUND,
            "Statement other is not found in resource policy.")


def test_remove_looks_at_its_qualifier_only(api, versioned):
    add(api, versioned, Qualifier="live")
    refused(api.remove_permission(FunctionName=versioned, StatementId="s1"), 404, NOT_FOUND,
            "No policy is associated with the given resource.")
    accepted(api.remove_permission(FunctionName=versioned, StatementId="s1", Qualifier="live"), 204)


def test_the_last_statement_takes_the_policy_along(api, function):
    add(api, function)
    accepted(api.remove_permission(FunctionName=function, StatementId="s1"), 204)
    refused(api.get_policy(FunctionName=function), 404, NOT_FOUND, GONE)


def test_a_statement_id_with_a_dot_can_be_asked_for(api, function):
    add(api, function)
    refused(api.remove_permission(FunctionName=function, StatementId="a.b"), 404, NOT_FOUND,
            "Statement a.b is not found in resource policy.")


# ---- GetPolicy ----

@pytest.mark.parametrize("asked", [
    {"FunctionName": "missing"}, {"FunctionName": "missing", "Qualifier": "1"}, {}, {"Qualifier": "1"},
    {"Qualifier": "live"}, {"Qualifier": "42"}, {"Qualifier": "nobody"}, {"Qualifier": "$LATEST"}],
    ids=["function", "function's version", "policy", "version's policy", "alias's policy", "version", "alias",
         "latest's policy"])
def test_whatever_is_missing_get_says_the_same(api, versioned, asked):
    refused(api.get_policy(**{"FunctionName": versioned, **asked}), 404, NOT_FOUND, GONE)
