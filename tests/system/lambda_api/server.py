"""onput serve with the Lambda API, beside the embedded store, on loopback and in a folder of its own."""

import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

BIN = pathlib.Path(os.environ["ONPUT_BIN_DIR"])
PHOTOS = pathlib.Path(__file__).parents[3] / "fixtures" / "images" / "photos"
REGION = "us-east-1"
ACCOUNT = "000000000000"
OTHER_ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/onput-implied"  # may read what may call the function, and write its output
STUDIO = f"arn:aws:iam::{ACCOUNT}:role/studio"  # of the configuration: may read and write everything
TOKEN = "webhook-token-1"
DEADLINE_S = 60
POLL_S = 0.02

ALICE_POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["lambda:Get*", "lambda:List*", "lambda:InvokeFunction"], "Resource": "*"},
    {"Effect": "Allow", "Action": "lambda:*", "Resource": "arn:aws:lambda:*:*:function:alice-*"},
    {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"},
    {"Effect": "Deny", "Action": "lambda:*", "Resource": "arn:aws:lambda:*:*:function:*forbidden*"}]}
CAROL_POLICY = {"Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}]}

# Whose keys are "<name>-access-key" and "<name>-secret-key".
USERS = {
    "root": {"root": True},
    "alice": {"policy": ALICE_POLICY},
    "bob": {},
    "carol": {"account": OTHER_ACCOUNT, "policy": CAROL_POLICY},
    "dave": {"account": OTHER_ACCOUNT},
    "erin": {"session_token": "token-of-erin", "policy": ALICE_POLICY},
}
RENDITIONS = [{"name": "small", "width": 64, "height": 64}]


def access_key(user):
    return f"{user}-access-key"


def secret_key(user):
    return f"{user}-secret-key"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(check, what, deadline_s=DEADLINE_S):
    """Polls until `check` returns something true, and returns that."""
    deadline = time.monotonic() + deadline_s
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {deadline_s} s: {what() if callable(what) else what}"
        time.sleep(POLL_S)


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Store:
    """The embedded store; its notifications go nowhere, the tests send their own."""

    def __init__(self, directory):
        directory.mkdir()
        self.process = subprocess.Popen([BIN / "devstore-server", directory], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.endpoint = self.process.stdout.readline().strip()
        assert self.endpoint.startswith("http://127.0.0.1:")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE_S)
        self.process.stdout.close()


def configuration(directory, port, store):
    """JSON is YAML."""
    users = {name: {"access_key": access_key(name), "secret_key": secret_key(name), **settings}
             for name, settings in USERS.items()}
    return {
        "listen": {"port": port},
        "admin": {"port": 0},
        "state": {"dir": str(directory / "state")},
        "queue": {"min_free": 0},
        "workers": {"count": 2, "drain_timeout": "5s"},
        "lambda": {"region": REGION, "account": ACCOUNT},
        "users": users,
        "roles": {"studio": {"policy": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}}},
        "stores": {"dev": {
            "endpoint": store.endpoint, "access_key": "dev-access", "secret_key": "dev-secret",
            "webhook_token": TOKEN,
            "notifications": [{"bucket": "photos", "function": "declared-thumbs"}]}},
        "functions": {
            "declared-thumbs": {"builtin": "thumbnail", "renditions": RENDITIONS,
                                "output": {"bucket": "thumbnails"}},
            "declared-echo": {"builtin": "echo", "permissions": [
                {"statement_id": "declared", "principal": "s3.amazonaws.com",
                 "source_arn": "arn:aws:s3:::declared"}]},
        },
    }


class Onput:
    """onput serve: started, stopped, killed and started again on one folder and one port."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="onput-lambda-"))
        self.directory.chmod(0o711)  # as root, functions run as users of their own
        self.store = Store(self.directory / "store")
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.config = self.directory / "onput.yaml"
        self.settings = configuration(self.directory, self.port, self.store)
        self.log = self.directory / "onput.log"
        self.process = None

    def environment(self):
        """Nothing of the caller's but what a sanitizer build needs."""
        kept = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
        return kept | {"PATH": "/usr/bin:/bin", "HOME": str(self.directory)}

    def start(self):
        self.config.write_text(json.dumps(self.settings))
        with open(self.log, "ab") as log:
            start = log.tell()
            self.process = subprocess.Popen(
                [BIN / "onput", "serve", "--config", self.config], stdin=subprocess.DEVNULL, stderr=log,
                preexec_fn=die_with_parent, env=self.environment())

        def ready():
            assert self.process.poll() is None, self.log_tail()
            return "ready" in self.log.read_text(errors="replace")[start:].splitlines()
        wait_until(ready, self.log_tail)
        return self

    def log_tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])

    def log_text(self):
        return self.log.read_text(errors="replace")

    def reload(self):
        """SIGHUP with self.settings."""
        self.config.write_text(json.dumps(self.settings))
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(DEADLINE_S)

    def kill(self):
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def remove(self):
        if self.process and self.process.poll() is None:
            self.kill()
        self.store.stop()
        shutil.rmtree(self.directory)

    def admin(self, path):
        text = self.log_text()
        port = int(text[text.rindex("admin:"):].split("127.0.0.1:")[1].split()[0].rstrip("/"))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=DEADLINE_S) as answer:
            return answer.read().decode()

    def http(self, method, path, body=None, headers=None):
        """A bare request; the answer has .status, .headers and .body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host="Host" in (headers or {}), skip_accept_encoding=True)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            answer.body = answer.read()
        return answer

    def notify(self, s3, key, function=None):
        """Tells onput of an object in "photos" as the store would; what it decided."""
        etag = s3.head_object(Bucket="photos", Key=key)["ETag"].strip('"')
        record = {"eventSource": "minio:s3", "eventName": "s3:ObjectCreated:Put", "s3": {
            "bucket": {"name": "photos"}, "object": {"key": urllib.parse.quote_plus(key), "eTag": etag}}}
        answer = self.http("POST", "/events/dev" + (f"/{function}" if function else ""),
                           json.dumps({"Records": [record]}).encode(), {"Authorization": f"Bearer {TOKEN}"})
        assert answer.status == 200, answer.body
        return json.loads(answer.body)["results"][0]["decision"]
