"""Invoke, InvokeAsync, InvokeWithResponseStream."""

import base64
import concurrent.futures
import json
import re

import pytest

from api import NOT_FOUND, UUID, accepted, function_arn, refused, sign
from server import PHOTOS, STUDIO, wait_until

CONTEXT = {"aws_request_id", "function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb",
           "remaining_time_in_millis", "client_context"}
TOO_LARGE = "RequestEntityTooLargeException"
NOT_JSON = re.compile("^Could not parse request body into json: Could not parse payload into json: .")


@pytest.fixture
def failing(make, name):
    """A function that fails with every event that names no object."""
    make(name, "thumbnail", Environment={"Variables": {
        "OUTPUT_BUCKET": "thumbnails", "RENDITIONS": '[{"name":"small","width":64}]'}})
    return name


def result(answer, body, version="$LATEST"):
    """A function's result, as it came."""
    assert (answer.status, answer.code, answer.body) == (200, None, body), answer
    assert answer.headers["X-Amz-Executed-Version"] == version
    assert "X-Amz-Function-Error" not in answer.headers and "X-Amz-Log-Result" not in answer.headers
    assert UUID.match(answer.request_id) and answer.headers["X-Amzn-Trace-Id"]


# ---- RequestResponse ----

@pytest.mark.parametrize("payload", [b"{}", b'{"a": [1,  2.50, "\xc3\xbc"]}', b'"text"', b"null", b"17", b"[]",
                                     b" true "])
def test_the_result_comes_byte_by_byte(api, function, payload):
    result(api.invoke(FunctionName=function, Payload=payload), payload)


def test_no_payload_is_an_empty_object_to_the_function(api, function):
    result(api.invoke(FunctionName=function), b"{}")


def test_the_type_can_be_written_out(api, function):
    result(api.invoke(FunctionName=function, InvocationType="RequestResponse", LogType="None", Payload=b"1"), b"1")


@pytest.mark.parametrize("spelling", ["{}", "function:{}", "000000000000:function:{}", "{}:$LATEST",
                                      "arn:aws:lambda:us-east-1:000000000000:function:{}",
                                      "arn:aws:lambda:us-east-1:000000000000:function:{}:$LATEST"])
def test_every_spelling_calls_the_function(api, function, spelling):
    result(api.invoke(FunctionName=spelling.format(function), Payload=b"1"), b"1")


@pytest.mark.parametrize("qualifier, version", [("1", "1"), ("2", "2"), ("live", "1"), ("$LATEST", "$LATEST")])
def test_a_qualifier_chooses_the_version(api, versioned, qualifier, version):
    result(api.invoke(FunctionName=versioned, Qualifier=qualifier, Payload=b"1"), b"1", version)
    result(api.invoke(FunctionName=f"{versioned}:{qualifier}", Payload=b"1"), b"1", version)


def test_a_function_of_any_content_type_runs(onput, function):
    url = f"{onput.endpoint}/2015-03-31/functions/{function}/invocations"
    request = sign("POST", url, b'{"a":1}', headers={"Content-Type": "text/plain"})
    answer = onput.http("POST", url[len(onput.endpoint):], b'{"a":1}', dict(request.headers))
    assert (answer.status, answer.body) == (200, b'{"a":1}')


# ---- context ----

@pytest.mark.parametrize("qualifier, version", [(None, "$LATEST"), ("1", "1"), ("live", "1"), ("$LATEST", "$LATEST")])
def test_the_function_is_told_how_it_was_called(api, make, name, qualifier, version):
    make(name, "context", MemorySize=512, Timeout=30)
    api.publish_version(FunctionName=name)
    api.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    answer = api.invoke(FunctionName=name, Payload=b'{"k":1}', **({"Qualifier": qualifier} if qualifier else {}))
    assert set(answer.json) == {"event", "context"} and answer.json["event"] == {"k": 1}
    context = answer.json["context"]
    assert set(context) == CONTEXT
    assert 0 < context.pop("remaining_time_in_millis") <= 30000
    assert context == {"aws_request_id": answer.request_id, "function_name": name, "function_version": version,
                       "invoked_function_arn": function_arn(name, qualifier), "memory_limit_in_mb": 512,
                       "client_context": None}


def test_the_function_is_told_the_clients_context(api, make, name):
    make(name, "context")
    context = {"custom": {"a": "ü"}, "client": {}}
    encoded = base64.b64encode(json.dumps(context).encode()).decode()
    assert api.invoke(FunctionName=name, ClientContext=encoded).json["context"]["client_context"] == context


@pytest.mark.parametrize("context", ["%%%", base64.b64encode(b"no json").decode(),
                                     base64.b64encode(b'"%s"' % (b"x" * 3600)).decode()],
                         ids=["no base64", "no json", "too large"])
def test_a_context_that_is_none_is_refused(api, function, context):
    answer = api.invoke(FunctionName=function, ClientContext=context)
    assert (answer.status, answer.code) in [(400, "InvalidRequestContentException"), (400, "ValidationException")]


def test_the_trace_header_comes_back(api, function):
    def add(params, **_):
        params["headers"]["X-Amzn-Trace-Id"] = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"
    api.client.meta.events.register_first("before-call.lambda.Invoke", add)
    try:
        trace = api.invoke(FunctionName=function).headers["X-Amzn-Trace-Id"]
    finally:
        api.client.meta.events.unregister("before-call.lambda.Invoke", add)
    assert "1-5759e988-bd862e3fe1be46a994272793" in trace


# ---- failing functions ----

def test_an_error_of_the_function_is_no_error_of_the_call(api, failing):
    answer = api.invoke(FunctionName=failing, Payload=b'{"no":"object"}')
    assert (answer.status, answer.headers["X-Amz-Function-Error"]) == (200, "Unhandled"), answer
    assert answer.headers["X-Amz-Executed-Version"] == "$LATEST"
    body = answer.json
    assert {"errorMessage", "errorType"} <= set(body) <= {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert body["errorMessage"] and body["errorType"]


# ---- the log ----

def test_the_tail_of_the_log_comes_on_request(api, function):
    answer = api.invoke(FunctionName=function, LogType="Tail")
    log = base64.b64decode(answer.headers["X-Amz-Log-Result"]).decode()
    lines = log.splitlines()
    assert lines[0] == f"START RequestId: {answer.request_id} Version: $LATEST"
    assert lines[-2] == f"END RequestId: {answer.request_id}"
    assert re.match(rf"REPORT RequestId: {answer.request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
                    r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\t", lines[-1]), log


def test_the_log_tells_of_an_error(api, failing):
    answer = api.invoke(FunctionName=failing, LogType="Tail", Payload=b'{"no":"object"}')
    log = base64.b64decode(answer.headers["X-Amz-Log-Result"]).decode()
    assert f"END RequestId: {answer.request_id}\n" in log
    assert log.rstrip().endswith("\tStatus: error\tError Type: " + answer.json["errorType"])
    assert len(log.encode()) <= 4096


# ---- DryRun and Event ----

@pytest.mark.parametrize("kind, status", [("DryRun", 204), ("Event", 202)])
@pytest.mark.parametrize("qualifier", [{}, {"Qualifier": "live"}], ids=["function", "alias"])
def test_what_does_not_wait_has_no_body_and_no_version(api, versioned, kind, status, qualifier):
    answer = api.invoke(FunctionName=versioned, InvocationType=kind, Payload=b'{"a":1}', **qualifier)
    accepted(answer, status)
    assert "X-Amz-Executed-Version" not in answer.headers and "X-Amz-Function-Error" not in answer.headers


def test_an_event_without_payload_is_taken(api, function):
    accepted(api.invoke(FunctionName=function, InvocationType="Event"), 202)


def test_invoke_async_is_still_answered(api, function):
    answer = api.invoke_async(FunctionName=function, InvokeArgs=b'{"a":1}')
    assert (answer.status, answer.code) == (202, None) and UUID.match(answer.request_id)


def test_invoke_async_takes_the_slash_of_old_clients(onput, function):
    url = f"{onput.endpoint}/2014-11-13/functions/{function}/invoke-async/"
    answer = onput.http("POST", url[len(onput.endpoint):], b"{}", dict(sign("POST", url, b"{}").headers))
    assert (answer.status, json.loads(answer.body)) == (202, {"Status": 202})


# ---- what is refused ----

@pytest.mark.parametrize("payload", [b"{", b"{'a':1}", b"text", b"\xff", b'{"a":1}{"b":2}', b'{"a":01}'])
@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_a_payload_must_be_json(api, function, payload, kind):
    refused(api.invoke(FunctionName=function, InvocationType=kind, Payload=payload), 400,
            "InvalidRequestContentException", NOT_JSON)


@pytest.mark.parametrize("operation, member", [
    ("invoke", "Payload"), ("invoke_with_response_stream", "Payload"), ("invoke_async", "InvokeArgs")])
def test_a_missing_function_is_named_with_latest(api, operation, member):
    refused(getattr(api, operation)(FunctionName="missing", **{member: b"{}"}), 404, NOT_FOUND,
            f"Function not found: {function_arn('missing', '$LATEST')}")


@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
@pytest.mark.parametrize("qualifier", ["7", "nobody"])
def test_a_missing_qualifier_is_named(api, function, kind, qualifier):
    refused(api.invoke(FunctionName=function, Qualifier=qualifier, InvocationType=kind), 404, NOT_FOUND,
            f"Function not found: {function_arn(function, qualifier)}")


def test_the_largest_payload_comes_back(api, make, name):
    make(name, Timeout=30)
    payload = b'"' + b"x" * 6291454 + b'"'
    answer = api.invoke(FunctionName=name, Payload=payload)
    assert answer.status == 200 and answer.body == payload


def test_a_payload_of_more_than_6_mib_is_refused(api, function):
    refused(api.invoke(FunctionName=function, Payload=b'"' + b"x" * 6291455 + b'"'), 413, TOO_LARGE,
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation")


def test_an_event_of_1_mib_is_taken_and_one_more_byte_refused(api, function):
    accepted(api.invoke(FunctionName=function, InvocationType="Event", Payload=b'"' + b"x" * 1048574 + b'"'), 202)
    refused(api.invoke(FunctionName=function, InvocationType="Event", Payload=b'"' + b"x" * 1048575 + b'"'), 413,
            TOO_LARGE, "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)")


def test_a_result_that_is_too_large_is_an_error_of_the_function(api, make, name):
    """The context function wraps its event, so the result is larger than the event."""
    make(name, "context", Timeout=30)
    answer = api.invoke(FunctionName=name, Payload=b'"' + b"x" * 6291450 + b'"')
    assert (answer.status, answer.headers["X-Amz-Function-Error"]) == (200, "Unhandled")
    assert answer.json == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge"}


# ---- InvokeWithResponseStream ----

def events_of(answer):
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/vnd.amazon.eventstream", answer
    assert UUID.match(answer.request_id)
    return list(answer.stream)


@pytest.mark.parametrize("size", [2, 1000, 300_000])
def test_a_stream_brings_the_result_and_its_end(api, function, size):
    payload = b'"' + b"x" * (size - 2) + b'"'
    answer = api.invoke_with_response_stream(FunctionName=function, Payload=payload)
    *chunks, last = events_of(answer)
    assert answer.headers["X-Amz-Executed-Version"] == "$LATEST"
    assert b"".join(chunk["PayloadChunk"]["Payload"] for chunk in chunks) == payload
    assert last == {"InvokeComplete": {}}


def test_a_stream_tells_its_version_and_log(api, versioned):
    answer = api.invoke_with_response_stream(FunctionName=versioned, Qualifier="live", LogType="Tail", Payload=b"1")
    *_, last = events_of(answer)
    assert answer.headers["X-Amz-Executed-Version"] == "1"
    assert set(last["InvokeComplete"]) == {"LogResult"}
    assert base64.b64decode(last["InvokeComplete"]["LogResult"]).startswith(b"START RequestId: ")


def test_a_stream_tells_of_an_error_at_its_end(api, failing):
    *_, last = events_of(api.invoke_with_response_stream(FunctionName=failing, Payload=b'{"no":"object"}'))
    assert {"ErrorCode", "ErrorDetails"} == set(last["InvokeComplete"]) and last["InvokeComplete"]["ErrorCode"]


def test_a_dry_run_of_a_stream_runs_nothing(api, function):
    answer = api.invoke_with_response_stream(FunctionName=function, InvocationType="DryRun", Payload=b"1")
    assert answer.status in (200, 204) and answer.code is None


def test_deleting_a_function_does_not_stop_its_calls(api, make, name, s3):
    s3.upload_file(str(PHOTOS / "nuthatch.jpg"), "photos", f"{name}.jpg")
    make(name, "thumbnail", Timeout=60, Role=STUDIO, Environment={"Variables": {
        "OUTPUT_BUCKET": "thumbnails", "RENDITIONS": '[{"name":"small","width":64}]'}})
    event = json.dumps({"bucket": "photos", "key": f"{name}.jpg"})
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(api.invoke, FunctionName=name, Payload=event) for _ in range(8)]
        wait_until(lambda: any(call.done() for call in calls), "a call ends")
        accepted(api.delete_function(FunctionName=name), 204)
        answers = [call.result() for call in calls]
    for answer in answers:
        ran = answer.status == 200 and "X-Amz-Function-Error" not in answer.headers
        assert ran or answer.status == 404, answer
    assert any(answer.status == 200 for answer in answers)
