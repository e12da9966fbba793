"""A real MinIO on loopback, in its own temporary directory.

    with Minio([Webhook("ONPUT", "http://127.0.0.1:9999/events", auth_token="t")]) as minio:
        minio.s3.create_bucket(Bucket="photos")
        minio.notify("photos", "ONPUT", suffix=".jpg")
"""

import dataclasses
import os
import pathlib
import re
import shutil
import tempfile
import urllib.error
import urllib.request

import s3
from process import LOOPBACK, PeerError, Process, free_ports

ACCESS_KEY = "peer-root"
SECRET_KEY = "peer-root-secret"
START_TIMEOUT_S = 60
START_ATTEMPTS = 3
DEFAULT_EVENTS = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")


@dataclasses.dataclass(frozen=True)
class Webhook:
    """One notification target of MinIO; `name` is the last part of its ARN but one."""

    name: str
    endpoint: str
    auth_token: str = None
    queued: bool = False  # with a queue directory MinIO re-sends until it gets a 2xx

    @property
    def arn(self):
        return f"arn:minio:sqs::{self.name}:webhook"

    def environment(self, queue_root):
        values = {"ENABLE": "on", "ENDPOINT": self.endpoint}
        if self.auth_token is not None:
            values["AUTH_TOKEN"] = self.auth_token
        if self.queued:
            values["QUEUE_DIR"] = str(queue_root / self.name)
        return {f"MINIO_NOTIFY_WEBHOOK_{key}_{self.name}": v for key, v in values.items()}


def program():
    cache = os.environ.get("ONPUT_PEER_CACHE", os.path.expanduser("~/.cache/onput-peers"))
    path = pathlib.Path(cache, "bin", "minio")
    if not path.exists():
        raise PeerError(f"{path} is missing: run tests/peers/install.sh")
    return path


class Minio:
    def __init__(self, webhooks):
        self.webhooks = {webhook.name: webhook for webhook in webhooks}
        self.access_key = ACCESS_KEY
        self.secret_key = SECRET_KEY
        self.dir = None
        self.process = None

    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="onput-minio-"))
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def _start(self):
        """A port can be lost between choosing and binding it, hence the attempts."""
        for attempt in range(START_ATTEMPTS):
            try:
                return self._start_once()
            except PeerError:
                if attempt == START_ATTEMPTS - 1:
                    raise

    def _start_once(self):
        port, console = free_ports(2)
        self.endpoint = f"http://{LOOPBACK}:{port}"
        argv = [program(), "server", "--address", f"{LOOPBACK}:{port}"]
        argv += ["--console-address", f"{LOOPBACK}:{console}", self.dir / "data"]
        log = self.dir / "minio.log"
        self.process = Process(argv, log, env=self._environment(), cwd=self.dir)
        self.process.wait_ready(self._is_ready, START_TIMEOUT_S)
        self.s3 = s3.client(self.endpoint, self.access_key, self.secret_key)

    def _environment(self):
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.dir),
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "MINIO_PROMETHEUS_AUTH_TYPE": "public",
            "MINIO_CI_CD": "on",  # else it refuses a directory on the root file system
        }
        for webhook in self.webhooks.values():
            environment |= webhook.environment(self.dir / "queue")
        return environment

    def _is_ready(self):
        try:
            with urllib.request.urlopen(self.endpoint + "/minio/health/ready", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def notify(self, bucket, target, events=DEFAULT_EVENTS, prefix="", suffix=""):
        """Make the bucket report `events` to a webhook; replaces what was configured before."""
        rules = [{"Name": n, "Value": v} for n, v in (("prefix", prefix), ("suffix", suffix)) if v]
        queue = {"QueueArn": self.webhooks[target].arn, "Events": list(events)}
        if rules:
            queue["Filter"] = {"Key": {"FilterRules": rules}}
        self.s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [queue]}
        )

    def queued_events(self, target):
        """How many events wait in the queue directory of a target."""
        folder = self.dir / "queue" / target
        return len(list(folder.rglob("*.event*")))

    def attempts_over(self, target):
        """How many events MinIO is done with, sent or lost, for a target without a queue directory."""
        url = self.endpoint + "/minio/v2/metrics/cluster"
        with urllib.request.urlopen(url, timeout=10) as answer:
            text = answer.read().decode()

        def value(name):
            sample = rf'^minio_notify_target_{name}{{.*target_id="{target}".*}} (\d+)'
            found = re.search(sample, text, re.M)
            return int(found[1]) if found else 0

        return value("total_events") - value("current_send_in_progress")

    def awscli(self, *words):
        return s3.awscli(self.endpoint, self.access_key, self.secret_key, *words)
