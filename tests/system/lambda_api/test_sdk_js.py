"""The SDK for JavaScript: sdk_js/smoke.mjs."""

import os
import pathlib
import subprocess

import server


def test_the_sdk_for_javascript_is_at_home(onput, name):
    modules = pathlib.Path(os.environ["ONPUT_PEER_CACHE"]) / "lambda-js"
    result = subprocess.run(
        ["node", pathlib.Path(__file__).parent / "sdk_js" / "smoke.mjs", onput.endpoint, name], text=True,
        capture_output=True, timeout=120, env={
            "PATH": os.environ["PATH"], "ONPUT_JS_MODULES": str(modules), "AWS_REGION": server.REGION,
            "AWS_ACCESS_KEY_ID": server.access_key("root"), "AWS_SECRET_ACCESS_KEY": server.secret_key("root")})
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1] == "8 passed"
