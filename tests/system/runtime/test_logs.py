"""What is told of an invocation: the tail of its log, and the daemon's own log."""

import json

from calls import error, exit_error, invoke, log, report, result, run, timeout_error
from conftest import client


def test_the_tail_has_the_lines_of_the_call(api):
    run(api, "raw")
    answer = invoke(api, "raw", {"do": "chatter", "lines": 2, "bytes": 8}, LogType="Tail")
    lines = log(answer).splitlines()
    assert lines[:-1] == [f"START RequestId: {answer.request_id} Version: $LATEST", "00000000 xxxxxxx",
                          "00000001 xxxxxxx", f"END RequestId: {answer.request_id}"]
    assert report(answer)["size"] == "128" and 1 <= int(report(answer)["used"]) <= 128
    assert report(answer)["status"] is None


def test_only_the_first_call_tells_of_the_start(start):
    api = client(start())
    first, second = (report(invoke(api, "raw", LogType="Tail")) for _ in range(2))
    assert float(first["init"]) > 1 and second["init"] is None
    assert int(first["billed"]) >= 1


def test_the_duration_is_that_of_the_function(api):
    answer = invoke(api, "raw", {"do": "run", "words": ["sleep", "0.3"]}, LogType="Tail")
    assert result(answer)["code"] == 0
    assert 300 <= float(report(answer)["duration"]) < 10_000
    assert int(report(answer)["billed"]) >= 300


def test_the_tail_is_the_end_of_much(api):
    answer = invoke(api, "raw", {"do": "chatter", "lines": 500, "bytes": 100}, LogType="Tail")
    assert len(log(answer).encode()) <= 4096
    assert log(answer).splitlines()[-3] == "00000499 " + "x" * 99


def test_a_timeout_in_the_log(api):
    answer = invoke(api, "raw-short", {"do": "hang"}, LogType="Tail")
    timeout_error(answer)
    assert f"{answer.request_id} Task timed out after 1.00 seconds" in log(answer)
    assert report(answer)["status"] == "timeout"


def test_an_exit_in_the_log(api):
    answer = invoke(api, "raw", {"do": "leave", "code": 3}, LogType="Tail")
    exit_error(answer, "Runtime exited with error: exit status 3")
    assert (report(answer)["status"], report(answer)["type"]) == ("error", "Runtime.ExitError")


def test_what_it_writes_is_in_the_daemons_log_with_its_request(api, onput):
    answer = invoke(api, "raw", {"do": "say", "base64": "bWFya2VkIGxpbmUK"})
    assert answer.status == 200
    found = [line for line in onput.log_text().splitlines() if "marked line" in line]
    assert len(found) == 1 and answer.request_id in found[0] and "raw" in found[0]


def test_an_unfinished_line_is_a_line(api):
    answer = invoke(api, "raw", {"do": "say", "base64": "bm8gZW5k"}, LogType="Tail")  # without newline
    assert "no end" in log(answer).splitlines()


def test_the_log_of_a_failed_call_has_its_lines(api):
    answer = invoke(api, "python", {"do": "fail", "text": "told in the log"}, LogType="Tail")
    error(answer)
    assert any("told in the log" in line for line in log(answer).splitlines())


def test_json_logs_stay_json(start):
    own = start(log={"format": "json"})
    invoke(client(own), "raw", {"do": "say", "base64": "InF1b3RlZCIgCWFuZCB0YWJzAGV0Yw=="})
    lines = [line for line in own.log_text().splitlines() if "quoted" in line]
    assert len(lines) == 1 and json.loads(lines[0])
