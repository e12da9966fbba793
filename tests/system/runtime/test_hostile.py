"""Functions that nobody would want. Each has a clear outcome, the next call works, and nothing is left of them."""

import base64
import json
import os
import re
import signal
import time

import pytest

from calls import b64, error, exit_error, fail, invoke, log, report, result, run, timeout_error
from conftest import client
from machine import IS_ROOT, MIB, UID_BASE
from server import wait_until

TOO_LARGE = {"errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
             "errorType": "Function.ResponseSizeTooLarge"}
AT_MOST = 6 * MIB + 100


@pytest.fixture
def works(api):
    """Afterwards the function does its work as before."""
    yield
    assert run(api, "raw", {"fine": True}) == {"fine": True}


# ---- ends ----

@pytest.mark.usefixtures("works")
@pytest.mark.parametrize("code, text", [(0, "Runtime exited without providing a reason"),
                                        (3, "Runtime exited with error: exit status 3"),
                                        (127, "Runtime exited with error: exit status 127")])
def test_it_exits(api, code, text):
    exit_error(invoke(api, "raw", {"do": "leave", "code": code}), text)


@pytest.mark.usefixtures("works")
@pytest.mark.parametrize("number, text", [(signal.SIGSEGV, "segmentation fault"), (signal.SIGKILL, "killed"),
                                          (signal.SIGABRT, "aborted")])
def test_it_is_killed_by_a_signal(api, number, text):
    answer = invoke(api, "raw", {"do": "die", "signal": number})
    told = error(answer)
    assert told["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(rf"RequestId: {answer.request_id} Error: Runtime exited with error: signal: {text}( \(core dumped\))?",
                        told["errorMessage"])


def test_it_hangs(api, onput):
    timeout_error(invoke(api, "raw-short", {"do": "hang"}))
    assert run(api, "raw-short", {"do": "tell"})["calls"] == 1


def test_it_hangs_with_children(api, onput):
    """All of them go, the one that left for a session of its own, too."""
    before = set(onput.processes())
    timeout_error(invoke(api, "raw-short", {"do": "hang", "children": 3}))
    wait_until(lambda: not set(onput.processes()) - before, lambda: f"left: {onput.processes()}")


def test_it_ignores_sigterm(start):
    own = start(runtime={"idle_timeout": "100ms"})
    api = client(own)
    assert run(api, "raw", {"do": "deaf"}) == "from now on"
    own.wait_for_no_process()
    timeout_error(invoke(api, "raw-short", {"do": "hang", "deaf": True}))
    own.wait_for_no_process()


@pytest.mark.usefixtures("works")
def test_it_leaves_a_child_behind(api, onput):
    """The answer does not wait for it, and it ends with its parent."""
    pid = run(api, "raw", {"do": "offspring"})["pid"]
    assert run(api, "raw", {"do": "tell"})["pid"] == pid
    children = set(onput.workers("raw"))
    assert len(children) == 2 and pid in children
    exit_error(invoke(api, "raw", {"do": "leave", "code": 1}), "Runtime exited with error: exit status 1")
    wait_until(lambda: not children & set(onput.processes()), lambda: f"left: {onput.processes()}")


# ---- starts ----

@pytest.mark.parametrize("code, text", [(0, "Runtime exited without providing a reason"),
                                        (9, "Runtime exited with error: exit status 9")])
def test_it_exits_while_it_starts(api, onput, code, text):
    for _ in range(2):
        exit_error(invoke(api, f"start-exit-{code}"), text)
    wait_until(lambda: not onput.workers(f"start-exit-{code}"), onput.processes)


def test_it_tells_an_error_of_its_start(api, onput):
    answer = invoke(api, "start-error", LogType="Tail")
    assert error(answer) == {"errorMessage": "it cannot start", "errorType": "Raw.NoStart", "requestId": ""}
    assert "starting with error" in log(answer).splitlines()
    wait_until(lambda: not onput.workers("start-error"), onput.processes)


def test_its_start_takes_too_long(start):
    """It has a limit of its own, then another try on the function's time."""
    own = start(runtime={"init_timeout": "300ms"})
    begun = time.monotonic()
    answer = invoke(client(own), "start-hang", LogType="Tail")
    timeout_error(answer)
    assert 1 <= time.monotonic() - begun < 10
    own.wait_for_no_process()


def test_it_starts_again_once_it_can(start):
    own = start()
    api = client(own)
    exit_error(invoke(api, "start-later"), "Runtime exited with error: exit status 7")
    (own.functions / "start-later").touch()
    assert run(api, "start-later", [1]) == [1]


# ---- what it takes ----

def test_a_fork_bomb_gets_no_further_than_its_limit(start):
    own = start(runtime={"pids": 40}, functions={})
    own.settings["functions"]["raw"]["memory"] = "4GiB"
    own.stop()
    api = client(own.start())
    answer = invoke(api, "raw", {"do": "fork_bomb"})
    if "X-Amz-Function-Error" in answer.headers:  # it was ended
        assert error(answer)["errorType"] == "Runtime.ExitError", answer
    else:
        assert 16 <= result(answer)["children"] <= 40, answer
        exit_error(invoke(api, "raw", {"do": "leave", "code": 1}), "Runtime exited with error: exit status 1")
    own.wait_for_no_process()
    assert run(api, "raw", [1]) == [1]


def test_it_takes_more_memory_than_it_may(api, onput):
    answer = invoke(api, "raw-small", {"do": "hog", "mib": 400}, LogType="Tail")
    told = error(answer)
    assert told["errorType"] in ("Runtime.ExitError", "Runtime.OutOfMemory"), answer
    assert re.search(r"RequestId: \S+ Error: Runtime exited with error: (signal: killed|exit status 1)",
                     told["errorMessage"]), answer
    assert run(api, "raw-small", [1]) == [1]


def test_it_may_take_what_it_has(api):
    answer = invoke(api, "raw-settings", {"do": "hog", "mib": 100}, LogType="Tail")
    assert result(answer) == {"mib": 100}
    assert (report(answer)["size"], 100 <= int(report(answer)["used"]) <= 192) == ("192", True)


# ---- what it writes ----

def test_it_writes_without_end(api):
    """The invocation ends by its timeout; the log has its tail."""
    answer = invoke(api, "raw-short", {"do": "chatter"}, LogType="Tail")
    timeout_error(answer)
    assert len(log(answer).encode()) <= 4096 and "x" * 60 in log(answer)
    assert run(api, "raw-short", [1]) == [1]


@pytest.mark.usefixtures("works")
def test_much_that_it_writes_is_not_much_in_the_log(api, onput):
    size = onput.log.stat().st_size
    answer = invoke(api, "raw", {"do": "chatter", "lines": 20000, "bytes": 400}, LogType="Tail")
    assert result(answer) == 20000
    assert log(answer).splitlines()[-3].startswith("00019999 ")
    assert onput.log.stat().st_size - size < 3 * MIB


@pytest.mark.usefixtures("works")
def test_it_writes_what_is_no_text(api):
    answer = invoke(api, "raw", {"do": "say", "base64": b64(b"\xff\xfe\x00\x1b[31m caf\xc3\xa9 \xe2\x82\n")}, LogType="Tail")
    base64.b64decode(answer.headers["X-Amz-Log-Result"]).decode("utf-8")
    assert "café" in log(answer) and "\0" not in log(answer)


def test_the_tail_begins_with_a_whole_character(api):
    for offset in range(4):
        text = b"-" * offset + "€".encode() * 3000 + b"\n"
        answer = invoke(api, "raw", {"do": "say", "base64": b64(text)}, LogType="Tail")
        assert "€€€\n" in log(answer)


@pytest.mark.usefixtures("works")
@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"no json", b"", b'{"a":1,"a":2}', b"\x89PNG\r\n\x1a\n"])
def test_its_result_is_no_json(api, body):
    answer = invoke(api, "raw", {"do": "exact", "base64": b64(body)})
    assert (answer.status, answer.body) == (200, body), answer


@pytest.mark.usefixtures("works")
@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"", b"[]"])
def test_its_error_is_no_json(api, body):
    answer = invoke(api, "raw", {"do": "fail", "base64": b64(body), "type": "Function.Odd"})
    assert (answer.status, answer.headers["X-Amz-Function-Error"]) == (200, "Unhandled"), answer


@pytest.mark.usefixtures("works")
@pytest.mark.parametrize("size", [6 * MIB - 1, 6 * MIB, AT_MOST])
def test_its_result_is_as_large_as_it_may_be(api, size):
    assert len(invoke(api, "raw", {"do": "large", "bytes": size}).body) == size


@pytest.mark.usefixtures("works")
@pytest.mark.parametrize("size", [AT_MOST + 1, 40 * MIB])
def test_its_result_is_larger_than_it_may_be(api, size):
    assert fail(api, "raw", {"do": "large", "bytes": size}) == TOO_LARGE


# ---- what it asks the Runtime API ----

def test_it_answers_more_than_once(api):
    answer = invoke(api, "raw", {"do": "twice"}, LogType="Tail")
    assert answer.body == b'"first"'
    run(api, "raw")  # what it wrote after its answer belongs to nobody, and does no harm


def test_it_asks_for_its_event_again(api):
    """It gets the one that it has: the first answer may have been lost."""
    answer = invoke(api, "raw", {"do": "ask_again"})
    assert answer.json == {"status": 200, "id": answer.request_id, "event": {"do": "ask_again"}}


@pytest.mark.parametrize("request_line", [
    b"GARBAGE\r\n\r\n", b"GET /2018-06-01/runtime/unknown HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /2018-06-01/runtime/invocation/../response HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1",
    b"POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 3_000_000 + b"\r\n\r\n"])
@pytest.mark.usefixtures("works")
def test_it_speaks_no_http(api, request_line):
    answer = invoke(api, "raw", {"do": "raw", "base64": b64(request_line)})
    if "X-Amz-Function-Error" not in answer.headers:
        assert answer.json == "" or re.match(r"HTTP/1\.1 [45]\d\d ", answer.json), answer


@pytest.mark.usefixtures("works")
def test_it_breaks_off_its_answer(api):
    half = b"POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
    assert fail(api, "raw", {"do": "raw", "base64": b64(half), "close": True})["errorType"]


def test_another_functions_endpoint_is_closed_to_it(api):
    """Neither its events nor its keys are to be had there."""
    address = run(api, "raw-settings", {"do": "address"})
    assert re.fullmatch(r"127\.0\.0\.1:\d+", address)
    for said in run(api, "raw", {"do": "trespass", "address": address}).values():
        assert said in (400, 401, 403, 404) or isinstance(said, str), said
    assert run(api, "raw-settings", [1]) == [1]


def test_nobody_else_may_ask_its_endpoint(api, onput):
    import http.client
    address = run(api, "raw-settings", {"do": "address"})
    connection = http.client.HTTPConnection(address, timeout=20)
    with pytest.raises((OSError, http.client.HTTPException)):
        connection.request("GET", "/2018-06-01/runtime/invocation/next")
        answer = connection.getresponse()
        if answer.status in (401, 403, 404):
            raise ConnectionRefusedError
    connection.close()
    assert run(api, "raw-settings", [1]) == [1]


# ---- what it sees ----

TOLD = {"AWS_LAMBDA_RUNTIME_API", "_HANDLER", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_REGION", "AWS_DEFAULT_REGION", "TZ",
        "LANG", "PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3",
        "AWS_EC2_METADATA_DISABLED"}
KEYS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_its_environment_is_made_for_it(api, onput):
    told = run(api, "raw-settings", {"do": "environment"})
    assert set(told) == TOLD | KEYS | {"COLOUR", "EMPTY"}
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", told["AWS_LAMBDA_LOG_STREAM_NAME"])
    expected = {"AWS_LAMBDA_FUNCTION_NAME": "raw-settings", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "192", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/raw-settings",
                "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1", "TZ": ":UTC", "_HANDLER": "what.ever", "COLOUR": "blue", "EMPTY": "",
                "LAMBDA_TASK_ROOT": str(onput.functions / "raw"), "AWS_ENDPOINT_URL_S3": onput.store.endpoint,
                "PATH": onput.path, "AWS_ACCESS_KEY_ID": "dev-access"}
    assert {name: told[name] for name in expected} == expected
    assert "do not pass on" not in json.dumps(told)


def test_nothing_of_the_daemons_environment_is_passed_on(api, onput):
    told = run(api, "raw", {"do": "environment"})
    assert set(told) == TOLD
    text = json.dumps(told)
    for secret in ("dev-secret", "root-secret-key", "webhook-token", "do not pass on"):
        assert secret not in text, told


def test_it_has_no_rights(api):
    told = run(api, "raw", {"do": "confinement"})
    assert (told["NoNewPrivs"], told["CapEff"], told["CapPrm"]) == ("1", "0" * 16, "0" * 16)


@pytest.mark.skipif(not IS_ROOT, reason="not root: functions run as the daemon's user")
def test_as_root_each_process_has_a_user_of_its_own(api, onput):
    told = [run(api, name, {"do": "tell"}) for name in ("raw", "raw-settings")]
    for one in told:
        assert UID_BASE <= one["uid"] < UID_BASE + 256 and one["gid"] == one["uid"] and not one["groups"]
    assert told[0]["uid"] != told[1]["uid"]


@pytest.mark.skipif(not IS_ROOT, reason="not root: functions run as the daemon's user")
def test_as_root_it_cannot_look_into_the_daemon_nor_its_state(api, onput):
    other = run(api, "raw-settings", {"do": "tell"})["pid"]
    daemon = onput.process.pid
    paths = [f"/proc/{daemon}/environ", f"/proc/{daemon}/mem", f"/proc/{daemon}/maps", f"/proc/{daemon}/fd",
             f"/proc/{other}/environ", f"/proc/{other}/mem", str(onput.config)]
    paths += [str(path) for path in (onput.directory / "state").iterdir() if path.is_file()]
    assert any(path.endswith("onput.db") for path in paths)
    said = run(api, "raw", {"do": "read", "paths": paths})
    assert set(said.values()) == {"Permission denied"}, said


def test_its_descriptors_are_its_own(api):
    said = run(api, "raw", {"do": "run", "words": ["ls", "-l", "/proc/self/fd"]})
    found = sorted(int(line.split()[-3]) for line in said["out"].splitlines() if " -> " in line)
    assert found == [0, 1, 2, 3], said  # 3 is the folder that ls reads
    assert " 0 -> /dev/null" in said["out"]


def test_its_files_are_its_own(api, onput):
    """What one process leaves in its temporary directory the next of the same function may find, others never."""
    first = run(api, "raw", {"do": "keep", "text": "of raw"})
    assert run(api, "raw", {"do": "keep", "text": "again"}) == {"before": "of raw", "pid": first["pid"]}
    assert run(api, "raw-settings", {"do": "keep", "text": "of another"})["before"] in (None, "of another")
    temporary = run(api, "raw", {"do": "environment"})["TMPDIR"]
    assert stat_mode(temporary) == 0o700
    said = run(api, "raw-settings", {"do": "read", "paths": [temporary]})
    assert said[temporary] == ("Permission denied" if IS_ROOT else "read")


def stat_mode(path):
    return os.stat(path).st_mode & 0o777
