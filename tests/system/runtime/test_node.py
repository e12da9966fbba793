"""aws-lambda-ric: handlers in JavaScript, answers whole and streamed."""

import base64
import json

from api import UUID, function_arn
from calls import error, exit_error, invoke, log, run


def test_a_handler_is_told_of_its_call(api, onput):
    answer = invoke(api, "node", {"k": [1, "ü"]})
    told = answer.json
    assert 15_000 < told.pop("remaining_ms") <= 60_000
    assert told.pop("pid") in onput.workers() and told.pop("calls") >= 1
    assert told.pop("trace").startswith("Root=1-")
    assert told == {"event": {"k": [1, "ü"]}, "request_id": answer.request_id, "arn": function_arn("node"),
                    "function": "node", "version": "$LATEST", "memory": "512", "client": None, "colour": "red",
                    "log_group": "/aws/lambda/node", "region": "us-east-1"}


def test_a_handler_is_told_the_clients_context(api):
    context = base64.b64encode(json.dumps({"custom": {"a": "ü"}}).encode()).decode()
    assert run(api, "node", ClientContext=context)["client"]["custom"] == {"a": "ü"}


def test_an_error_comes_with_its_stack(api):
    told = error(invoke(api, "node", {"do": "fail", "text": "no, really"}))
    assert (told["errorType"], told["errorMessage"]) == ("Unwilling", "no, really")
    assert told["trace"][0] == "Unwilling: no, really" and "index.mjs" in told["trace"][1]


def test_results(api):
    assert run(api, "node", {"do": "later", "text": "after a while"}) == "after a while"
    assert run(api, "node-callback", {"k": 1}) == {"called": {"k": 1}}
    assert invoke(api, "node", {"do": "nothing"}).body == b"null"


def test_process_exit_ends_the_process(api):
    exit_error(invoke(api, "node", {"do": "leave", "code": 9}), "Runtime exited with error: exit status 9")
    assert run(api, "node")["calls"] == 1


def test_what_it_writes(api):
    answer = invoke(api, "node", {"do": "write", "text": "written ü"}, LogType="Tail")
    lines = [line.split("\t") for line in log(answer).splitlines()]
    assert [answer.request_id, "INFO", "written ü"] in [line[1:] for line in lines]
    assert [answer.request_id, "ERROR", "written ü to stderr"] in [line[1:] for line in lines]


def test_a_streamed_result_is_whole_for_who_wants_it_whole(api):
    answer = invoke(api, "node-stream", {"pieces": ["a", "bc", "ü"]})
    assert (answer.status, answer.body.decode()) == (200, "abcü")


def test_a_streamed_result_comes_in_pieces(api):
    answer = api.invoke_with_response_stream(FunctionName="node-stream", Payload=b'{"pieces":["a","bc"]}')
    events = list(answer.stream)
    assert b"".join(e["PayloadChunk"]["Payload"] for e in events[:-1]) == b"abc"
    assert set(events[-1]) == {"InvokeComplete"} and not events[-1]["InvokeComplete"].get("ErrorCode")
    assert UUID.match(answer.request_id)
