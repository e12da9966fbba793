"""The five operations of event invoke configurations."""

import time

import pytest

from api import IPVE, NOT_FOUND, accepted, function_arn, refused

ALWAYS = {"DestinationConfig", "FunctionArn", "LastModified"}
QUEUE = "arn:aws:sqs:us-east-1:000000000000:results"
MISSING = "The function doesn't exist."


def without(function, qualifier="$LATEST"):
    return f"The function {function_arn(function, qualifier)} doesn't have an EventInvokeConfig"


def put(api, function, **members):
    return api.put_function_event_invoke_config(FunctionName=function, **members)


def get(api, function, **members):
    return api.get_function_event_invoke_config(FunctionName=function, **members)


@pytest.mark.parametrize("members, fields", [
    ({"MaximumRetryAttempts": 0}, {"MaximumRetryAttempts"}),
    ({"MaximumRetryAttempts": 2}, {"MaximumRetryAttempts"}),
    ({"MaximumEventAgeInSeconds": 60}, {"MaximumEventAgeInSeconds"}),
    ({"MaximumEventAgeInSeconds": 21600, "MaximumRetryAttempts": 1},
     {"MaximumEventAgeInSeconds", "MaximumRetryAttempts"}),
    ({"DestinationConfig": {"OnFailure": {"Destination": QUEUE}}}, set()),
])
def test_put_answers_what_is_set(api, function, members, fields):
    before = time.time()
    made = accepted(put(api, function, **members), 200, ALWAYS | fields)
    assert made["FunctionArn"] == function_arn(function, "$LATEST")
    assert isinstance(made["LastModified"], (int, float)) and before - 1 <= made["LastModified"] <= time.time() + 1
    assert made["DestinationConfig"] == {"OnFailure": {}, "OnSuccess": {}} | members.get("DestinationConfig", {})
    for member in fields:
        assert made[member] == members[member]
    assert accepted(get(api, function), 200, ALWAYS | fields) == made


def test_put_replaces_and_update_merges(api, function):
    put(api, function, MaximumRetryAttempts=0)
    merged = accepted(api.update_function_event_invoke_config(FunctionName=function, MaximumEventAgeInSeconds=100), 200,
                      ALWAYS | {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"})
    assert (merged["MaximumRetryAttempts"], merged["MaximumEventAgeInSeconds"]) == (0, 100)
    replaced = accepted(put(api, function, MaximumEventAgeInSeconds=70), 200, ALWAYS | {"MaximumEventAgeInSeconds"})
    assert accepted(get(api, function), 200, ALWAYS | {"MaximumEventAgeInSeconds"}) == replaced


def test_update_merges_destinations(api, function):
    put(api, function, DestinationConfig={"OnFailure": {"Destination": QUEUE}})
    merged = accepted(api.update_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnSuccess": {"Destination": QUEUE + "-2"}}), 200, ALWAYS)
    assert merged["DestinationConfig"]["OnSuccess"] == {"Destination": QUEUE + "-2"}


@pytest.mark.parametrize("qualifier", ["live", "1"])
def test_every_qualifier_has_its_own(api, versioned, qualifier):
    made = accepted(put(api, versioned, Qualifier=qualifier, MaximumRetryAttempts=1), 200,
                    ALWAYS | {"MaximumRetryAttempts"})
    assert made["FunctionArn"] == function_arn(versioned, qualifier)
    refused(get(api, versioned), 404, NOT_FOUND, without(versioned))
    assert accepted(get(api, f"{versioned}:{qualifier}"), 200, ALWAYS | {"MaximumRetryAttempts"}) == made


def test_publishing_copies_none(api, function):
    put(api, function, MaximumRetryAttempts=1)
    api.publish_version(FunctionName=function)
    refused(get(api, function, Qualifier="1"), 404, NOT_FOUND, without(function, "1"))


def test_delete_removes_it(api, function):
    put(api, function, MaximumRetryAttempts=1)
    accepted(api.delete_function_event_invoke_config(FunctionName=function), 204)
    refused(get(api, function), 404, NOT_FOUND, without(function))


@pytest.mark.parametrize("operation, more", [
    ("get_function_event_invoke_config", {}), ("delete_function_event_invoke_config", {}),
    ("update_function_event_invoke_config", {"MaximumRetryAttempts": 1})])
def test_what_needs_one_names_the_arn_without(api, versioned, operation, more):
    refused(getattr(api, operation)(FunctionName=versioned, **more), 404, NOT_FOUND, without(versioned))
    refused(getattr(api, operation)(FunctionName=versioned, Qualifier="live", **more), 404, NOT_FOUND,
            without(versioned, "live"))


@pytest.mark.parametrize("operation, more", [
    ("put_function_event_invoke_config", {"MaximumRetryAttempts": 1}),
    ("update_function_event_invoke_config", {"MaximumRetryAttempts": 1}),
    ("list_function_event_invoke_configs", {})])
def test_a_missing_function(api, operation, more):
    refused(getattr(api, operation)(FunctionName="missing", **more), 404, NOT_FOUND, MISSING)


@pytest.mark.parametrize("operation", ["get_function_event_invoke_config", "delete_function_event_invoke_config"])
def test_a_missing_function_has_none(api, operation):
    refused(getattr(api, operation)(FunctionName="missing"), 404, NOT_FOUND, without("missing"))


def test_put_needs_something_to_set(api, function):
    refused(put(api, function), 400, IPVE,
            "You must specify at least one of error handling or destination setting.")


def test_the_function_is_no_destination_of_itself(api, function):
    refused(put(api, function, DestinationConfig={"OnFailure": {"Destination": function_arn(function)}}), 400, IPVE,
            "You can't specify the function as a destination for itself.")


def test_a_function_as_destination_must_exist(api, function):
    arn = function_arn("missing")
    refused(put(api, function, DestinationConfig={"OnFailure": {"Destination": arn}}), 400, IPVE,
            f"The destination ARN {arn} is invalid.")


def test_another_function_can_be_the_destination(api, function, make):
    make(f"{function}-target")
    destination = {"OnSuccess": {"Destination": function_arn(f"{function}-target")}, "OnFailure": {}}
    made = accepted(put(api, function, DestinationConfig=destination), 200, ALWAYS)
    assert made["DestinationConfig"] == destination


@pytest.mark.parametrize("kind", ["OnSuccess", "OnFailure"])
def test_a_service_that_takes_no_results_is_refused(api, function, kind):
    arn = "arn:aws:iam::000000000000:role/x"
    shown = {"OnSuccess": f"onSuccess=OnSuccess(destination={arn}), onFailure=null",
             "OnFailure": f"onSuccess=null, onFailure=OnFailure(destination={arn})"}[kind]
    refused(put(api, function, DestinationConfig={kind: {"Destination": arn}}), 400, IPVE,
            f"The provided destination config DestinationConfig({shown}) is invalid.")


def test_all_of_a_function_are_listed(api, versioned):
    accepted(api.list_function_event_invoke_configs(FunctionName=versioned), 200, {"FunctionEventInvokeConfigs"})
    for qualifier in ({}, {"Qualifier": "1"}, {"Qualifier": "live"}):
        put(api, versioned, MaximumRetryAttempts=1, **qualifier)
    items = accepted(api.list_function_event_invoke_configs(FunctionName=versioned), 200,
                     {"FunctionEventInvokeConfigs"})["FunctionEventInvokeConfigs"]
    assert sorted(item["FunctionArn"] for item in items) == [
        function_arn(versioned, q) for q in ("$LATEST", "1", "live")]
    assert all(set(item) == ALWAYS | {"MaximumRetryAttempts"} for item in items)
