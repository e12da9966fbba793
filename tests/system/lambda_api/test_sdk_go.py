"""The SDK for Go: sdk_go/smoke.go, built by run.sh."""

import os
import pathlib
import subprocess

import server


def test_the_sdk_for_go_is_at_home(onput, name):
    program = pathlib.Path(os.environ["ONPUT_PEER_CACHE"]) / "bin" / "lambda-smoke-go"
    result = subprocess.run([program, onput.endpoint, server.REGION, server.access_key("root"),
                             server.secret_key("root"), name], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1] == "8 passed"
