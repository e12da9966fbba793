"""One onput program for a test: its configuration, its process, its doors.

Every test has a folder of its own and lets the kernel choose the ports; nothing waits for time.
"""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

DEADLINE_S = 240  # of anything: sanitizers on a busy machine are slow
TOKEN = "webhook-token-1"

CONFIG = """\
listen: {{port: 0}}
admin: {{port: {admin_port}}}
state: {{dir: {dir}/state}}
queue: {{min_free: 0}}
workers: {{count: 1, drain_timeout: 5s}}
stores:
  minio:
    endpoint: {endpoint}
    access_key: access-key-of-store
    secret_key: secret-key-of-store
    webhook_token: {token}
    notifications: [{{bucket: photos, function: thumbs}}]
functions:
  thumbs:
    builtin: thumbnail
    max_attempts: 1
    renditions: [{{name: small, width: 100}}]
    output: {{bucket: thumbnails}}
    permissions: [{permissions}]
"""

PERMISSION = "{principal: s3.amazonaws.com, source_arn: 'arn:aws:s3:::photos'}"


def binary():
    return os.path.abspath(sys.argv[1])


def environment():
    """Without what would find its way into the configuration."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ONPUT_"))}


def run(*words, cwd=None, stdin=None):
    """Runs a verb to its end; the result has returncode, stdout and stderr."""
    return subprocess.run([binary(), *words], capture_output=True, text=True, cwd=cwd, input=stdin,
                          env=environment(), timeout=DEADLINE_S, check=False)


def notification(key, bucket="photos"):
    return json.dumps({"Records": [{
        "eventSource": "minio:s3", "eventName": "s3:ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "eTag": "e", "size": 9}}}]})


class Daemon:
    """onput serve, ready to be asked."""

    def __init__(self, config):
        self.process = subprocess.Popen([binary(), "serve", "--config", config],
                                        stderr=subprocess.PIPE, text=True, env=environment())
        self.lines = []
        self.changed = threading.Condition()
        self.ended = False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.wait_for_line(lambda line: line == "ready")
        block = "\n".join(self.lines)
        self.port = int(re.search(r"webhooks: http://127\.0\.0\.1:(\d+)/events", block)[1])
        self.admin_port = int(re.search(r"admin: +http://127\.0\.0\.1:(\d+)", block)[1])

    def _read(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_for_line(self, wanted):
        """The first line that `wanted` accepts, read or yet to come."""
        found = []

        def look():
            found.extend(line for line in self.lines if wanted(line))
            return found or self.ended
        with self.changed:
            if not self.changed.wait_for(look, DEADLINE_S) or not found:
                raise AssertionError("no such line:\n" + "\n".join(self.lines))
        return found[0]

    def _request(self, port, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def post(self, key, bucket="photos"):
        """The decision about one new object."""
        status, text = self._request(self.port, "POST", "/events/minio",
                                     notification(key, bucket),
                                     {"Authorization": "Bearer " + TOKEN})
        assert status == 200, text
        return json.loads(text)["results"][0]

    def ask(self, path):
        return self._request(self.admin_port, "GET", path)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        code = self.process.wait(DEADLINE_S)
        self.reader.join(DEADLINE_S)
        self.process.stderr.close()
        return code


class Test(unittest.TestCase):
    """A test with a folder, a configuration in it, and daemons that are stopped at its end."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="onput-system-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.config = os.path.join(self.dir, "onput.yaml")
        self.configure()

    def configure(self, permissions="", endpoint="http://127.0.0.1:9", admin_port=0):
        self.write(CONFIG.format(dir=self.dir, token=TOKEN, permissions=permissions,
                                 endpoint=endpoint, admin_port=admin_port))

    def write(self, text):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

    def start(self):
        daemon = Daemon(self.config)
        self.addCleanup(daemon.stop)
        return daemon


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
