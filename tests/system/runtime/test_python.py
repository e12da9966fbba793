"""awslambdaric: handlers as they are written for Lambda."""

import base64
import json
import re

import pytest

from api import function_arn
from calls import error, exit_error, fail, invoke, log, run, timeout_error


def test_a_handler_is_told_of_its_call(api, onput):
    answer = invoke(api, "python", {"k": [1, "ü"]})
    told = answer.json
    assert 15_000 < told.pop("remaining_ms") <= 60_000
    assert told.pop("pid") in onput.workers() and told.pop("calls") >= 1
    directory = str(onput.functions / "python")
    assert told == {"event": {"k": [1, "ü"]}, "request_id": answer.request_id, "arn": function_arn("python"),
                    "function": "python", "version": "$LATEST", "memory": "256", "custom": None, "colour": "green",
                    "task_root": directory, "directory": directory, "handler": "app.handler"}


def test_a_handler_is_told_the_clients_context(api):
    context = base64.b64encode(json.dumps({"custom": {"a": "ü"}}).encode()).decode()
    assert run(api, "python", ClientContext=context)["custom"] == {"a": "ü"}


def test_an_exception_comes_with_its_stack(api):
    answer = invoke(api, "python", {"do": "fail", "text": "no, \"really\" ü"})
    told = error(answer)
    stack = told.pop("stackTrace")
    assert told == {"errorMessage": "no, \"really\" ü", "errorType": "Unwilling", "requestId": answer.request_id}
    assert "app.py" in stack[-1] and "raise Unwilling" in stack[-1]


def test_a_very_long_stack(api):
    told = fail(api, "python", {"do": "recurse"})
    assert told["errorType"] == "RecursionError" and "more times" in told["stackTrace"][-1]
    assert run(api, "python")["event"] == {}


def test_a_result_that_is_no_json_is_the_functions_error(api):
    assert fail(api, "python", {"do": "bad_result"})["errorType"] == "Runtime.MarshalError"


def test_a_module_that_cannot_be_imported(api):
    for _ in range(2):
        told = fail(api, "python-broken")
        assert (told["errorType"], told["errorMessage"]) == ("RuntimeError", "nobody can import this")


def test_a_module_that_is_not_there(api):
    told = fail(api, "python-missing")
    assert told["errorType"] == "Runtime.ImportModuleError"
    assert "nowhere" in told["errorMessage"]


@pytest.mark.parametrize("code, text", [(0, "Runtime exited without providing a reason"),
                                        (3, "Runtime exited with error: exit status 3")])
def test_sys_exit_ends_the_process(api, code, text):
    exit_error(invoke(api, "python", {"do": "leave", "code": code}), text)
    assert run(api, "python")["calls"] == 1


def test_a_handler_that_sleeps_too_long(api):
    timeout_error(invoke(api, "python-short", {"do": "wait"}))
    assert run(api, "python-short")["calls"] == 1


def test_what_it_prints_and_logs(api):
    answer = invoke(api, "python", {"do": "write", "text": "written ü"}, LogType="Tail")
    lines = log(answer).splitlines()
    assert {"written ü", "written ü to stderr"} <= set(lines)
    assert any(re.fullmatch(rf"\[WARNING\]\t\S+Z\t{answer.request_id}\twritten ü to the logger", line) for line in lines)


def test_it_reads_and_writes_objects_with_nothing_but_its_environment(api, s3):
    s3.put_object(Bucket="words", Key="dir/ä b+c.txt", Body=b"shout this")
    assert run(api, "python", {"do": "copy", "bucket": "words", "key": "dir/ä b+c.txt", "to": "shouts"}) == 10
    assert s3.get_object(Bucket="shouts", Key="dir/ä b+c.txt")["Body"].read() == b"SHOUT THIS"


def test_its_keys_are_those_of_its_role(api):
    told = run(api, "python", {"do": "identity"})
    assert told["access_key"] == "dev-access"


def test_large_events_and_results(api):
    text = "x" * 4_000_000
    assert run(api, "python", {"k": text})["event"] == {"k": text}
