"""aws-lambda-go, Rust's lambda_runtime, and a shell with curl."""

import base64
import json
import re
import time

import pytest

from api import function_arn
from calls import error, exit_error, fail, invoke, log, run
from conftest import client
from machine import has_rust

rust = pytest.mark.skipif(not has_rust(), reason="no cargo with a rustc of 1.84 or newer: lambda_runtime needs one")


def test_go_is_told_of_its_call(api, onput):
    context = base64.b64encode(json.dumps({"custom": {"colour": "blue"}}).encode()).decode()
    answer = invoke(api, "go", {"event": {"k": [1]}}, ClientContext=context)
    told = answer.json
    assert 15_000 < told.pop("remaining_ms") <= 60_000 and told.pop("pid") in onput.workers()
    assert told == {"event": {"k": [1]}, "request_id": answer.request_id, "arn": function_arn("go"), "function": "go",
                    "version": "$LATEST", "memory": 128, "custom": "blue"}


def test_go_fails_in_its_own_words(api):
    assert fail(api, "go", {"do": "fail", "text": "no"}) == {"errorMessage": "no", "errorType": "errorString"}
    assert fail(api, "go", {"do": "odd", "text": "no"}) == {"errorMessage": "no", "errorType": "odd"}


def test_a_panic_of_go_is_told_and_ends_the_process(api):
    before = run(api, "go")["pid"]
    told = fail(api, "go", {"do": "panic", "text": "out of cheese"})
    assert (told["errorMessage"], told["errorType"]) == ("out of cheese", "string") and told["stackTrace"]
    assert run(api, "go")["pid"] != before


def test_go_returns_nothing(api):
    assert invoke(api, "go", {"do": "nothing"}).body == b"null"


def test_go_sends_its_results_in_chunks_with_trailers(api):
    """It always does; this one is longer than a buffer."""
    event = {"k": "x" * 1_000_000}
    assert run(api, "go", {"event": event})["event"] == event


@rust
def test_rust_is_told_of_its_call(api, onput):
    before = time.time() * 1000
    answer = invoke(api, "rust", {"k": [1, "ü"]})
    told = answer.json
    assert told.pop("pid") in onput.workers()
    assert before + 50_000 < told.pop("deadline_ms") <= time.time() * 1000 + 60_000
    assert told == {"event": {"k": [1, "ü"]}, "request_id": answer.request_id, "arn": function_arn("rust"),
                    "function": "rust", "version": "$LATEST", "memory": 128}


@rust
def test_rust_fails_in_its_own_words(api):
    told = fail(api, "rust", {"fail": "no"})
    assert told["errorMessage"] == "no" and "Error" in told["errorType"]


def test_a_shell_answers(api):
    assert run(api, "shell", {"k": 1}) == {"handler": "of.the.shell", "event": {"k": 1}}


def test_a_shell_fails_and_writes(api):
    answer = invoke(api, "shell", {"do": "fail"}, LogType="Tail")
    assert error(answer) == {"errorMessage": "the shell does not want to", "errorType": "Shell.Unwilling"}
    assert 'shell got {"do": "fail"}' in log(answer).splitlines()
    assert run(api, "shell", 17)["event"] == 17


def test_a_command_that_is_not_there(start):
    """It is found when it runs, and said in the function's words."""
    own = start()
    (own.functions / "raw" / "bootstrap").unlink()
    answer = invoke(client(own), "raw")
    assert error(answer)["errorType"] == "Runtime.InvalidEntrypoint", answer
    assert re.fullmatch(rf"RequestId: {answer.request_id} Error: fork/exec .*bootstrap: no such file or directory",
                        error(answer)["errorMessage"]), answer
