"""What every test here needs: the daemon as a child process, a sender, pictures, and waiting.

Nothing sleeps for synchronisation: `wait_for` polls something that can be seen from outside.
ONPUT_BIN_DIR names the folder of the programs, ONPUT_FIXTURES that of the pictures; ONPUT_SLOWNESS
multiplies every deadline for instrumented builds.
"""

import atexit
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

from fake_s3 import FakeS3

BIN = pathlib.Path(os.environ["ONPUT_BIN_DIR"])
FIXTURES = pathlib.Path(os.environ["ONPUT_FIXTURES"])
SLOWNESS = float(os.environ.get("ONPUT_SLOWNESS", "1"))
TOKEN = "robustness-token"
RENDITIONS = {"small": (64, 64, "jpeg", "jpg"), "tiny": (16, 16, "png", "png")}
SKIP_CODE = 77

SANITIZER = re.compile(r"(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|BUG: ).*")


def wait_for(what, condition, seconds=30):
    """Polls until condition() is true; `what` ends the sentence "waited in vain for"."""
    deadline = time.monotonic() + seconds * SLOWNESS
    pause = 0.001
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds * SLOWNESS:.0f} s in vain for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)


def picture(number):
    """A small JPEG that differs from that of every other number, by a comment."""
    plain = (FIXTURES / "images/odd/plain.jpg").read_bytes()
    comment = f"picture {number}".encode()
    return plain[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + plain[2:]


def notification(bucket, key, etag, size, sequencer):
    """One event as MinIO writes it."""
    record = {
        "eventVersion": "2.0",
        "eventSource": "minio:s3",
        "awsRegion": "",
        "eventTime": "2028-01-01T00:00:00.000Z",
        "eventName": "s3:ObjectCreated:Put",
        "userIdentity": {"principalId": "sender"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "Config",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "sender"}, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {
                "key": urllib.parse.quote_plus(key, safe=""),
                "size": size,
                "eTag": etag,
                "contentType": "image/jpeg",
                "sequencer": f"{sequencer:016X}",
            },
        },
        "source": {"host": "127.0.0.1", "port": "", "userAgent": "MinIO (linux; amd64) minio-go/v7.0.0"},
    }
    body = {"EventName": "s3:ObjectCreated:Put", "Key": f"{bucket}/{key}", "Records": [record]}
    return json.dumps(body).encode()


def children_of(pid):
    """Process ids of the direct children."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def signal_quietly(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Daemon:
    """`onput serve` on one state directory, to be started and killed as often as you like."""

    def __init__(self, folder, endpoint, function=None, sections=None, state=None):
        self.folder = pathlib.Path(folder)
        self.config = self.folder / "onput.yaml"
        self.starts = 0
        self.child = None
        self.port = self.admin_port = None
        self.config.write_text(json.dumps(self._settings(endpoint, function or {}, sections or {}, state)))
        atexit.register(self.kill)

    def _settings(self, endpoint, function, sections, state):
        settings = {
            "listen": {"port": 0},
            "admin": {"port": 0},
            "state": {"dir": str(state or self.folder / "state")},
            "queue": {"min_free": "1MiB"},
            "log": {"format": "json"},
            "workers": {"count": 1, "job_threads": 4},
            "stores": {
                "minio": {
                    "endpoint": endpoint,
                    "addressing": "path",
                    "access_key": "access",
                    "secret_key": "secret-key",
                    "webhook_token": TOKEN,
                    "notifications": [{"bucket": "photos", "events": ["s3:ObjectCreated:*"], "function": "thumbs"}],
                }
            },
            "functions": {
                "thumbs": {
                    "builtin": "thumbnail",
                    "backoff": "50ms",
                    "backoff_cap": "1s",
                    "renditions": [
                        {"name": name, "width": width, "height": height, "format": kind}
                        for name, (width, height, kind, _) in RENDITIONS.items()
                    ],
                    "output": {"bucket": "thumbnails"},
                    "permissions": [{"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::photos"}],
                }
                | function
            },
        }
        for name, values in sections.items():
            settings[name] = settings.get(name, {}) | values
        return settings

    # ---- life ----

    @property
    def log_path(self):
        return self.folder / f"onput-{self.starts}.log"

    def log_text(self):
        try:
            return self.log_path.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def _environment(self):
        kept = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
        return kept | {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}

    def spawn(self):
        """Starts it, and does not wait. It dies with this process."""
        self.starts += 1
        self.port = self.admin_port = None
        argv = ["setpriv", "--pdeathsig", "KILL", str(BIN / "onput"), "serve", "--config", str(self.config)]
        with open(self.log_path, "wb") as log:
            self.child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment(), cwd=self.folder
            )

    def _read_ports(self):
        if self.child.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.child.returncode}:\n{self.log_text()[-2000:]}")
        text = self.log_text()
        if "\nready\n" not in text:
            return False
        self.admin_port = int(re.search(r"admin: +http://[^ ]*:(\d+)", text)[1])
        self.port = int(re.search(r"webhooks: http://[^ ]*:(\d+)/", text)[1])
        return True

    def wait_ready(self):
        wait_for("the daemon's start", self._read_ports)
        return self

    def start(self):
        self.spawn()
        return self.wait_ready()

    @property
    def pid(self):
        return self.child.pid

    @property
    def is_running(self):
        return self.child is not None and self.child.poll() is None

    def workers(self):
        return children_of(self.pid)

    def kill(self):
        """As a power cut would, but for the disk."""
        if self.is_running:
            self.child.kill()
        if self.child is not None:
            self.child.wait()
        self.port = None

    def wait_exit(self, seconds):
        wait_for("the daemon's end", lambda: self.child.poll() is not None, seconds)
        self.port = None
        return self.child.returncode

    def terminate(self, seconds=40):
        """SIGTERM; returns the exit code."""
        self.child.send_signal(signal.SIGTERM)
        return self.wait_exit(seconds)

    def sanitizer_reports(self):
        found = []
        for path in sorted(self.folder.glob("onput-*.log")):
            text = path.read_text(errors="replace")
            found += [text[m.start() : m.start() + 6000] for m in [SANITIZER.search(text)] if m]
        return found

    # ---- what it says ----

    def admin(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=30 * SLOWNESS)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def redrive(self, number):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=30 * SLOWNESS)
        try:
            connection.request("POST", f"/admin/invocations/{number}/redrive")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def queue(self):
        return json.loads(self.admin("/admin/queue"))

    def invocations(self, state):
        return json.loads(self.admin(f"/admin/invocations?state={state}&limit=1000"))["invocations"]

    def metric(self, name, **labels):
        """The sum of all samples with these labels."""
        total = 0.0
        for sample, have, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", self.admin("/metrics"), re.M):
            pairs = dict(re.findall(r'(\w+)="([^"]*)"', have))
            if sample == name and labels.items() <= pairs.items():
                total += float(value)
        return total

    def attempts(self, key=None):
        """Log lines of finished attempts since the last start."""
        lines = [json.loads(line) for line in self.log_text().split("\n")[:-1] if '"attempt"' in line and line[0] == "{"]
        return [line for line in lines if line.get("status") and (key is None or line.get("key") == key)]

    def end_of(self, key, seconds=30):
        """Waits for the last attempt of that object and returns its log line."""
        final = ("done", "skipped", "dead")
        rows = wait_for(
            f"an end of {key}", lambda: [r for r in self.attempts(key) if r["status"] in final], seconds
        )
        return rows[-1]

    def wait_idle(self, seconds=60):
        wait_for("an empty queue", lambda: self.queue()["pending"] == 0, seconds)


class Answer:
    def __init__(self, status, headers, body, seconds):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    @property
    def decisions(self):
        return [row["decision"] for row in json.loads(self.body)["results"]]


def post(port, body, timeout=30, connection=None):
    """One notification. Raises OSError or http.client.HTTPException when there is no answer."""
    c = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=timeout * SLOWNESS)
    start = time.monotonic()
    try:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        c.request("POST", "/events/minio", body, headers)
        reply = c.getresponse()
        return Answer(reply.status, reply.headers, reply.read(), time.monotonic() - start)
    finally:
        if connection is None:
            c.close()


class Events:
    """Makes objects and their notifications; remembers which notifications were acknowledged."""

    def __init__(self, store, prefix="e"):
        self.store = store
        self.prefix = prefix
        self.lock = threading.Lock()
        self.count = 0
        self.acked = {}  # key -> eTag

    def make(self, key=None, body=None):
        """A new object; returns (key, eTag, notification)."""
        with self.lock:
            self.count += 1
            number = self.count
        key = key or f"{self.prefix}/{number}.jpg"
        body = body if body is not None else picture(f"{self.prefix} {number}")
        etag = self.store.add("photos", key, body)
        return key, etag, notification("photos", key, etag, len(body), number)

    def acknowledge(self, key, etag):
        with self.lock:
            self.acked[key] = etag

    def send(self, daemon, key=None, body=None):
        """Makes one, sends it, wants 200; returns its key."""
        key, etag, event = self.make(key, body)
        answer = post(daemon.port, event)
        assert answer.status == 200, (answer.status, answer.body)
        assert answer.decisions == ["queued"], answer.body
        self.acknowledge(key, etag)
        return key

    def is_done(self, key, etag):
        """Every rendition is there, made from exactly that source, and is a picture of the right size."""
        for name, (width, height, _, extension) in RENDITIONS.items():
            puts = self.store.puts.get(("thumbnails", f"photos/{key}/{name}.{extension}"))
            if not puts or puts[-1].source_etag != etag or not fits(puts[-1].body, width, height):
                return False
        return True

    def missing(self):
        with self.lock:
            acked = dict(self.acked)
        return [key for key, etag in acked.items() if not self.is_done(key, etag)]


def fits(body, width, height):
    w, h = size_of(body)
    return 0 < w <= width and 0 < h <= height and (w == width or h == height)


def size_of(body):
    """Width and height of a PNG or JPEG."""
    if body.startswith(b"\x89PNG\r\n\x1a\n") and body.endswith(b"IEND\xaeB`\x82"):
        return int.from_bytes(body[16:20], "big"), int.from_bytes(body[20:24], "big")
    at = 2
    if not body.startswith(b"\xff\xd8") or not body.endswith(b"\xff\xd9"):
        return 0, 0
    while at + 9 < len(body):
        if body[at + 1] in (0xC0, 0xC1, 0xC2):
            return int.from_bytes(body[at + 7 : at + 9], "big"), int.from_bytes(body[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(body[at + 2 : at + 4], "big")
    return 0, 0


class Sender(threading.Thread):
    """
    Sends like a store with a queue directory: one event at a time over a kept connection, again and
    again until it is acknowledged. `outstanding` bounds how far it runs ahead of the thumbnails.
    """

    accepted = 200

    def __init__(self, events, daemon, outstanding=100):
        super().__init__(daemon=True)
        self.events, self.daemon_process, self.outstanding = events, daemon, outstanding
        self.stopping = threading.Event()
        self.connection, self.port = None, None
        self.mine = []
        self.delivered = 0
        self.resent = 0
        self.refused = []

    def request(self, key, event):
        """One request over self.connection; returns the status."""
        return post(self.port, event, connection=self.connection).status

    def run(self):
        while not self.stopping.is_set():
            key, etag, event = self.events.make()
            if self._deliver(key, event):
                self.events.acknowledge(key, etag)
                self.mine.append((key, etag))
                self.delivered += 1
            self._let_catch_up()
        self._close()

    def _deliver(self, key, event):
        while not self.stopping.is_set():
            status = self._try(key, event)
            if status == self.accepted:
                return True
            if status not in (None, 503):
                self.refused.append(status)
            self.resent += 1
            self.stopping.wait(0.01)
        return False

    def _try(self, key, event):
        port = self.daemon_process.port
        if port is None:
            return None
        try:
            if port != self.port:
                self._close()
                self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20 * SLOWNESS)
                self.port = port
            return self.request(key, event)
        except (OSError, http.client.HTTPException):
            self._close()
            return None

    def _close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection, self.port = None, None

    def _let_catch_up(self):
        while not self.stopping.is_set():
            self.mine = [(k, e) for k, e in self.mine if not self.events.is_done(k, e)]
            if len(self.mine) < self.outstanding:
                return
            self.stopping.wait(0.01)


class World(unittest.TestCase):
    """A temporary folder, a fake store, a daemon that is not started yet, and events."""

    maxDiff = None  # a sanitizer's report is worth nothing when it is cut
    function = {}
    sections = {}

    def setUp(self):
        self.started = time.monotonic()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="onput-robustness-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = FakeS3()
        self.addCleanup(self.store.close)
        self.daemon = self.new_daemon()
        self.events = Events(self.store)

    def new_daemon(self, **changes):
        function = self.function | changes.pop("function", {})
        sections = self.sections | changes.pop("sections", {})
        daemon = Daemon(self.folder, self.store.url, function, sections, **changes)
        self.addCleanup(self._check_daemon, daemon)
        self.addCleanup(daemon.kill)
        return daemon

    def _check_daemon(self, daemon):
        """Runs last: whatever else went on, no sanitizer spoke and every request was signed."""
        print(f"{time.monotonic() - self.started:.1f} s ", end="", file=sys.stderr)
        failed = any(e for _, e in getattr(self._outcome, "errors", [])) or not self._outcome.success
        if failed:
            print("---- end of the daemon's log ----\n" + daemon.log_text()[-4000:], file=sys.stderr)
        self.assertEqual(daemon.sanitizer_reports(), [])
        self.assertEqual(self.store.faults, [])

    def assert_nothing_lost(self, daemon=None):
        daemon = daemon or self.daemon
        daemon.wait_idle()
        self.assertEqual(daemon.invocations("dead"), [])
        self.assertEqual(self.events.missing(), [])

    def assert_clean_stop(self, daemon=None):
        self.assertEqual((daemon or self.daemon).terminate(), 0)


def main():
    unittest.main(module="__main__", verbosity=2, warnings="ignore")
