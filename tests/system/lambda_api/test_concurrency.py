"""Reserved concurrency, and what it does to calls."""

import concurrent.futures
import json

import pytest

from api import IPVE, NOT_FOUND, Api, accepted, error_body, function_arn, refused
from server import PHOTOS, wait_until
from test_thumbnail import thumbnail

QUALIFIED = ("This operation is permitted on Lambda functions only. Aliases and versions do not support this "
             "operation. Please specify either a function name or an unqualified function ARN.")

TOO_MANY = ("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            "below its minimum value of [100].")


def put(api, function, number):
    return api.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=number)


def throttled(answer, reason="ReservedFunctionConcurrentInvocationLimitExceeded"):
    assert (answer.status, answer.code) == (429, "TooManyRequestsException"), answer
    assert answer.headers["x-amzn-ErrorType"] == "TooManyRequestsException"
    assert int(answer.headers["Retry-After"]) >= 0
    assert answer.json == {"Reason": reason, "Type": "User", "message": "Rate Exceeded."}, answer


@pytest.mark.parametrize("number", [0, 1, 500])
def test_put_answers_the_number(api, function, number):
    assert accepted(put(api, function, number), 200, {"ReservedConcurrentExecutions"}) == {
        "ReservedConcurrentExecutions": number}
    assert accepted(api.get_function_concurrency(FunctionName=function), 200, {"ReservedConcurrentExecutions"}) == {
        "ReservedConcurrentExecutions": number}
    api.delete_function_concurrency(FunctionName=function)


def test_get_answers_nothing_when_there_is_none(api, function):
    assert accepted(api.get_function_concurrency(FunctionName=function), 200, set()) == {}


def test_delete_removes_it(api, function):
    put(api, function, 5)
    accepted(api.delete_function_concurrency(FunctionName=function), 204)
    accepted(api.get_function_concurrency(FunctionName=function), 200, set())
    accepted(api.delete_function_concurrency(FunctionName=function), 204)


def test_put_to_a_missing_function(api):
    refused(put(api, "missing", 1), 404, NOT_FOUND, f"Function not found: {function_arn('missing', '$LATEST')}")


def test_get_of_a_missing_function(api):
    refused(api.get_function_concurrency(FunctionName="missing"), 404, NOT_FOUND,
            f"Function not found: {function_arn('missing')}")


@pytest.mark.parametrize("qualifier", ["1", "live", "$LATEST"])
def test_versions_and_aliases_have_none(api, versioned, qualifier):
    refused(put(api, function_arn(versioned, qualifier), 1), 400, IPVE, QUALIFIED)


def test_the_account_keeps_100(own):
    api = Api(own.endpoint)
    accepted(put(api, "declared-echo", 900), 200, {"ReservedConcurrentExecutions"})
    refused(put(api, "declared-echo", 901), 400, IPVE, TOO_MANY, typed=False)
    refused(put(api, "declared-thumbs", 1), 400, IPVE, TOO_MANY, typed=False)
    accepted(api.get_function_concurrency(FunctionName="declared-thumbs"), 200, set())
    assert api.get_account_settings().json["AccountLimit"]["UnreservedConcurrentExecutions"] == 100


def test_zero_throttles_every_call_at_once(api, function):
    put(api, function, 0)
    throttled(api.invoke(FunctionName=function, Payload=b"{}"))
    throttled(api.invoke_with_response_stream(FunctionName=function, Payload=b"{}"))
    accepted(api.invoke(FunctionName=function, InvocationType="DryRun"), 204)
    accepted(api.invoke(FunctionName=function, InvocationType="Event", Payload=b"{}"), 202)
    api.delete_function_concurrency(FunctionName=function)
    assert api.invoke(FunctionName=function, Payload=b"{}").status == 200


def test_calls_beyond_the_number_are_throttled(api, name, make, s3):
    """The pictures take some time, so that calls overlap."""
    s3.upload_file(str(PHOTOS / "nuthatch.jpg"), "photos", f"{name}.jpg")
    thumbnail(make, name)
    put(api, name, 1)

    def call(_):
        return api.invoke(FunctionName=name, Payload=json.dumps({"bucket": "photos", "key": f"{name}.jpg"}))

    def some_of_both():
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(call, range(8)))
        for answer in answers:
            assert answer.status == 200 and "X-Amz-Function-Error" not in answer.headers or answer.json == error_body(
                "TooManyRequestsException", "Rate Exceeded.") | {
                    "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}, answer
        return {answer.status for answer in answers} == {200, 429}
    wait_until(some_of_both, "calls overlap and one runs")
    assert call(0).status == 200  # the slot was given back
