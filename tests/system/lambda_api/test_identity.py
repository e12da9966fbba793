"""Who may do what: root, users with and without a policy, other accounts, resource policies."""

import re

import pytest

from api import DENIED, Api, accepted, function_arn, refused
from server import ACCOUNT, OTHER_ACCOUNT, ROLE


def denied(answer, user, action, resource, account=ACCOUNT):
    refused(answer, 403, DENIED, re.compile(
        f"^User: {re.escape(f'arn:aws:iam::{account}:user/{user}')} is not authorized to perform: "
        f"{re.escape(action)} on resource: {re.escape(resource)} (because no|with an explicit deny)"))


def add(api, function, sid, **members):
    answer = api.add_permission(**{"FunctionName": function, "StatementId": sid, "Action": "lambda:InvokeFunction",
                                   **members})
    assert answer.status == 201, answer


# Every operation with the least that it needs, and the action that it is for IAM.
OPERATIONS = [
    ("get_function", {}, "GetFunction"), ("get_function_configuration", {}, "GetFunctionConfiguration"),
    ("update_function_code", {"DryRun": True}, "UpdateFunctionCode"),
    ("update_function_configuration", {"Timeout": 5}, "UpdateFunctionConfiguration"),
    ("delete_function", {}, "DeleteFunction"), ("publish_version", {}, "PublishVersion"),
    ("list_versions_by_function", {}, "ListVersionsByFunction"),
    ("create_alias", {"Name": "a", "FunctionVersion": "$LATEST"}, "CreateAlias"),
    ("get_alias", {"Name": "a"}, "GetAlias"), ("update_alias", {"Name": "a"}, "UpdateAlias"),
    ("delete_alias", {"Name": "a"}, "DeleteAlias"), ("list_aliases", {}, "ListAliases"),
    ("add_permission", {"StatementId": "s", "Action": "lambda:*", "Principal": "*"}, "AddPermission"),
    ("remove_permission", {"StatementId": "s"}, "RemovePermission"), ("get_policy", {}, "GetPolicy"),
    ("put_function_event_invoke_config", {"MaximumRetryAttempts": 0}, "PutFunctionEventInvokeConfig"),
    ("update_function_event_invoke_config", {"MaximumRetryAttempts": 0}, "UpdateFunctionEventInvokeConfig"),
    ("get_function_event_invoke_config", {}, "GetFunctionEventInvokeConfig"),
    ("delete_function_event_invoke_config", {}, "DeleteFunctionEventInvokeConfig"),
    ("list_function_event_invoke_configs", {}, "ListFunctionEventInvokeConfigs"),
    ("put_function_concurrency", {"ReservedConcurrentExecutions": 1}, "PutFunctionConcurrency"),
    ("get_function_concurrency", {}, "GetFunctionConcurrency"),
    ("delete_function_concurrency", {}, "DeleteFunctionConcurrency"),
    ("create_function_url_config", {"AuthType": "NONE"}, "CreateFunctionUrlConfig"),
    ("update_function_url_config", {"AuthType": "NONE"}, "UpdateFunctionUrlConfig"),
    ("get_function_url_config", {}, "GetFunctionUrlConfig"),
    ("delete_function_url_config", {}, "DeleteFunctionUrlConfig"),
    ("list_function_url_configs", {}, "ListFunctionUrlConfigs"),
    ("invoke", {}, "InvokeFunction"), ("invoke_async", {"InvokeArgs": b"{}"}, "InvokeFunction"),
    ("invoke_with_response_stream", {}, "InvokeFunction"),
    ("get_function_code_signing_config", {}, "GetFunctionCodeSigningConfig"),
    ("get_runtime_management_config", {}, "GetRuntimeManagementConfig"),
    ("get_function_recursion_config", {}, "GetFunctionRecursionConfig"),
]


@pytest.mark.parametrize("operation, members, action", OPERATIONS, ids=[row[0] for row in OPERATIONS])
def test_a_user_without_policy_may_do_nothing(clients, operation, members, action):
    answer = getattr(clients["bob"], operation)(FunctionName="declared-echo", **members)
    denied(answer, "bob", f"lambda:{action}", function_arn("declared-echo"))


@pytest.mark.parametrize("operation, members, action", [
    ("list_functions", {}, "ListFunctions"), ("get_account_settings", {}, "GetAccountSettings")])
def test_a_user_without_policy_may_not_ask_about_the_account(clients, operation, members, action):
    denied(getattr(clients["bob"], operation)(**members), "bob", f"lambda:{action}", "*")


@pytest.mark.parametrize("operation, members, action", [
    ("tag_resource", {"Tags": {"a": "b"}}, "TagResource"), ("untag_resource", {"TagKeys": ["a"]}, "UntagResource"),
    ("list_tags", {}, "ListTags")])
def test_a_user_without_policy_may_not_tag(clients, operation, members, action):
    arn = function_arn("declared-echo")
    denied(getattr(clients["bob"], operation)(Resource=arn, **members), "bob", f"lambda:{action}", arn)


@pytest.mark.parametrize("name", ["missing", "declared-echo"])
def test_who_may_nothing_learns_nothing(clients, name):
    """The answer does not tell whether the function exists."""
    denied(clients["bob"].get_function(FunctionName=name), "bob", "lambda:GetFunction", function_arn(name))
    denied(clients["bob"].invoke(FunctionName=name), "bob", "lambda:InvokeFunction", function_arn(name))


def test_root_may_do_everything(api, function):
    for operation, members, _ in OPERATIONS:
        if operation != "delete_function":
            answer = getattr(api, operation)(FunctionName=function, **members)
            assert answer.status != 403, (operation, answer)


def test_a_users_policy_allows(clients):
    alice = clients["alice"]
    assert alice.get_function(FunctionName="declared-echo").status == 200
    assert alice.list_functions().status == 200
    assert alice.invoke(FunctionName="declared-echo", Payload=b"1").body == b"1"
    denied(alice.update_function_configuration(FunctionName="declared-echo", Timeout=4), "alice",
           "lambda:UpdateFunctionConfiguration", function_arn("declared-echo"))


def test_a_users_policy_allows_by_name(clients, make, name):
    alice = clients["alice"]
    for mine in (f"alice-{name}", f"bobs-{name}"):
        answer = alice.create_function(FunctionName=mine, Role=ROLE, Runtime="onput.builtin", Handler="echo", Code={})
        if mine.startswith("alice-"):
            assert answer.status == 201, answer
            accepted(alice.delete_function(FunctionName=mine), 204)
        else:
            denied(answer, "alice", "lambda:CreateFunction", function_arn(mine))


def test_a_deny_of_the_users_policy_wins(api, clients, make, name):
    forbidden = f"alice-forbidden-{name}"[:60]
    make(forbidden)
    add(api, forbidden, "s", Principal=f"arn:aws:iam::{ACCOUNT}:user/alice", Action="lambda:*")
    answer = clients["alice"].get_function(FunctionName=forbidden)
    denied(answer, "alice", "lambda:GetFunction", function_arn(forbidden))
    assert "with an explicit deny in an identity-based policy" in answer.json["Message"]


def test_a_role_must_be_one_that_may_be_passed(clients, own):
    statements = own.settings["users"]["alice"]["policy"]["Statement"]
    without = {"Version": "2012-10-17", "Statement": [s for s in statements if s["Action"] != "iam:PassRole"]}
    own.settings["users"]["alice"] = {**own.settings["users"]["alice"], "policy": without}
    own.stop()
    own.start()
    answer = Api(own.endpoint, "alice").create_function(FunctionName="alice-x", Role=ROLE, Runtime="onput.builtin",
                                                        Handler="echo", Code={})
    denied(answer, "alice", "iam:PassRole", ROLE)


# ---- resource policies ----

@pytest.mark.parametrize("principal", [f"arn:aws:iam::{ACCOUNT}:user/bob", ACCOUNT, "*"], ids=["user", "account", "*"])
def test_a_resource_policy_lets_a_user_of_the_account_in(api, clients, function, principal):
    denied(clients["bob"].invoke(FunctionName=function), "bob", "lambda:InvokeFunction", function_arn(function))
    add(api, function, "s", Principal=principal)
    assert clients["bob"].invoke(FunctionName=function, Payload=b"1").body == b"1"
    assert clients["bob"].get_function(FunctionName=function).status == 403


def test_a_resource_policy_is_for_whom_it_names(api, clients, function):
    add(api, function, "s", Principal=f"arn:aws:iam::{ACCOUNT}:user/alice")
    assert clients["bob"].invoke(FunctionName=function).status == 403
    add(api, function, "service", Principal="s3.amazonaws.com")
    assert clients["bob"].invoke(FunctionName=function).status == 403


def test_a_resource_policy_allows_its_action(api, clients, function):
    add(api, function, "s", Principal=f"arn:aws:iam::{ACCOUNT}:user/bob", Action="lambda:GetFunction")
    assert clients["bob"].get_function(FunctionName=function).status == 200
    assert clients["bob"].get_function_configuration(FunctionName=function).status == 403


def test_a_permission_of_an_alias_is_for_calls_of_that_alias(api, clients, versioned):
    bob = clients["bob"]
    add(api, versioned, "s", Principal=f"arn:aws:iam::{ACCOUNT}:user/bob", Qualifier="live")
    assert bob.invoke(FunctionName=versioned, Qualifier="live").headers["X-Amz-Executed-Version"] == "1"
    for qualifier in ({}, {"Qualifier": "1"}, {"Qualifier": "$LATEST"}):
        assert bob.invoke(FunctionName=versioned, **qualifier).status == 403, qualifier


def test_a_permission_of_the_function_is_for_unqualified_calls(api, clients, versioned):
    bob = clients["bob"]
    add(api, versioned, "s", Principal=f"arn:aws:iam::{ACCOUNT}:user/bob")
    assert bob.invoke(FunctionName=versioned).status == 200
    assert bob.invoke(FunctionName=versioned, Qualifier="$LATEST").status == 200
    for qualifier in ("live", "1"):
        assert bob.invoke(FunctionName=versioned, Qualifier=qualifier).status == 403, qualifier


# ---- other accounts ----

def test_another_account_needs_both_policies(api, clients, function):
    arn = function_arn(function)
    for user in ("carol", "dave"):
        assert clients[user].invoke(FunctionName=arn).status == 403
    add(api, function, "s", Principal=OTHER_ACCOUNT)
    assert clients["carol"].invoke(FunctionName=arn, Payload=b"1").body == b"1"
    denied(clients["dave"].invoke(FunctionName=arn), "dave", "lambda:InvokeFunction", arn, OTHER_ACCOUNT)
    denied(clients["carol"].get_function(FunctionName=arn), "carol", "lambda:GetFunction", arn, OTHER_ACCOUNT)


@pytest.mark.parametrize("account", [OTHER_ACCOUNT, "222222222222"])
def test_a_permission_can_be_for_one_account(api, clients, function, account):
    add(api, function, "s", Principal=account)
    assert clients["carol"].invoke(FunctionName=function_arn(function)).status == (
        200 if account == OTHER_ACCOUNT else 403)


def test_another_account_has_no_functions_here(clients):
    assert clients["carol"].list_functions().status == 403


# ---- conditions ----

def test_conditions_look_at_the_request(own):

    def only_if(condition):
        policy = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "lambda:GetFunction", "Resource": "*", "Condition": condition}]}
        own.settings["users"]["bob"] = {**own.settings["users"]["bob"], "policy": policy}
        own.stop()
        own.start()
        return Api(own.endpoint, "bob").get_function(FunctionName="declared-echo").status
    everything = {
        "IpAddress": {"aws:SourceIp": "127.0.0.0/8"},
        "StringEquals": {"aws:username": "bob", "aws:RequestedRegion": "us-east-1"},
        "StringLike": {"aws:UserAgent": "*Boto3/*"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/bob"},
        "DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}, "Bool": {"aws:PrincipalIsAWSService": "false"}}
    assert only_if(everything) == 200
    assert only_if({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}) == 403
    assert only_if({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}) == 403


def test_policies_may_use_variables_of_the_caller(own):
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "lambda:*",
         "Resource": f"arn:aws:lambda:*:{ACCOUNT}:function:${{aws:username}}-*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE}]}
    own.stop()
    own.settings["users"]["bob"] = {**own.settings["users"]["bob"], "policy": policy}
    own.start()
    bob = Api(own.endpoint, "bob")
    made = {name: bob.create_function(FunctionName=name, Role=ROLE, Runtime="onput.builtin", Handler="echo", Code={})
            for name in ("bob-1", "alice-1")}
    assert {name: answer.status for name, answer in made.items()} == {"bob-1": 201, "alice-1": 403}
