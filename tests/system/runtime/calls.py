"""Invocations, and what their answers must look like."""

import base64
import io
import json
import os
import re
import time
import zipfile

import server

LINE = re.compile(r"REPORT RequestId: (?P<id>\S+)\tDuration: (?P<duration>\d+\.\d\d) ms\tBilled Duration: (?P<billed>\d+) "
                  r"ms\tMemory Size: (?P<size>\d+) MB\tMax Memory Used: (?P<used>\d+) MB"
                  r"(\tInit Duration: (?P<init>\d+\.\d\d) ms)?\t?(\t?Status: (?P<status>\w+))?(\tError Type: (?P<type>\S+))?\s*")


def invoke(api, function, event=None, **members):
    return api.invoke(FunctionName=function, Payload=json.dumps({} if event is None else event).encode(), **members)


def result(answer):
    """What the function returned; it must not have failed."""
    assert (answer.status, answer.code) == (200, None), answer
    assert "X-Amz-Function-Error" not in answer.headers, answer
    return answer.json


def error(answer):
    """What a function that failed is answered with."""
    assert (answer.status, answer.headers.get("X-Amz-Function-Error")) == (200, "Unhandled"), answer
    return answer.json


def run(api, function, event=None, **members):
    return result(invoke(api, function, event, **members))


def fail(api, function, event=None, **members):
    return error(invoke(api, function, event, **members))


def exit_error(answer, text):
    """The error of a process that ended."""
    assert error(answer) == {"errorType": "Runtime.ExitError",
                             "errorMessage": f"RequestId: {answer.request_id} Error: {text}"}, answer


def timeout_error(answer, seconds="1.00"):
    assert error(answer) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {answer.request_id} Error: Task timed out after {seconds} seconds"}, answer


def log(answer):
    return base64.b64decode(answer.headers["X-Amz-Log-Result"]).decode()


def report(answer):
    """The REPORT line's parts."""
    found = LINE.fullmatch(log(answer).splitlines()[-1])
    assert found, log(answer)
    assert found["id"] == answer.request_id
    return found


def pack(folder, **more):
    """A package of a folder's files; more of them by name, in bytes or text."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")) if folder else ():
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(folder))
        for name, text in more.items():
            info = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            info.external_attr = 0o100755 << 16
            archive.writestr(info, text)
    return out.getvalue()


def create(api, function, package, **members):
    """A new function that is ready; its configuration."""
    code = package if isinstance(package, dict) else {"ZipFile": package}
    answer = api.create_function(**{"FunctionName": function, "Role": server.STUDIO, "Code": code, "Timeout": 20,
                                    "Runtime": "provided.al2023", "Handler": "app.handler", **members})
    assert answer.status == 201, answer
    return wait_active(api, function)


def wait_active(api, function):
    def settled():
        now = api.get_function_configuration(FunctionName=function).json
        if now["State"] == "Active" and now.get("LastUpdateStatus") == "Successful":
            return now
        assert now["State"] != "Failed" and now.get("LastUpdateStatus") != "Failed", now
        return None
    return server.wait_until(settled, f"{function} is ready")


def notes(path):
    """The tags that were noted in a file by the action `note`."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line)["tag"] for line in file.read().splitlines()]


def b64(data):
    return base64.b64encode(data).decode()


def now_ms():
    return time.time() * 1000
