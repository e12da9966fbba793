"""`onput serve` as a child process, and the only place that knows its configuration file.

    onput = Onput(ports, [Store("minio", minio, token="t")], Route("photos", "thumbs"))
    onput.start()
    onput.metrics().total("onput_invocations_total", status="done")
    assert onput.stop() == 0
"""

import dataclasses
import os
import pathlib
import re
import shutil
import tempfile
import time
import urllib.error
import urllib.request

import yaml

import s3
from process import LOOPBACK, PeerError, Process

START_TIMEOUT_S = 20
PORT_TIMEOUT_S = 20
FUNCTION = "thumbnail"
RENDITIONS = {"small": (160, 160, "inside"), "square": (64, 64, "cover")}
EVENTS = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]


def thumb_key(bucket, key, rendition):
    """Where onput puts a thumbnail when the configuration says nothing."""
    return f"{bucket}/{key}/{rendition}.jpg"


@dataclasses.dataclass(frozen=True)
class Store:
    """A store as onput knows it: where it is, and how its notifications prove themselves."""

    name: str
    peer: object  # a Minio or a CephRgw
    token: str = None
    url_secret: str = None
    sts: bool = False

    def settings(self, notifications):
        settings = {
            "endpoint": self.peer.endpoint,
            "region": s3.REGION,
            "access_key": self.peer.access_key,
            "secret_key": self.peer.secret_key,
            "notifications": notifications,
            "sts": self.sts,
        }
        if self.token:
            return settings | {"webhook_token": self.token}
        if self.url_secret:
            return settings | {"webhook_auth": "secret", "webhook_secret": self.url_secret}
        return settings | {"webhook_auth": "none"}


def configuration(ports, state_dir, stores, route):
    """What goes into the YAML file."""
    notification = {"bucket": route.source, "events": EVENTS, "function": FUNCTION}
    notification |= {"prefix": route.prefix, "suffix": route.suffix}
    renditions = [
        {"name": name, "width": width, "height": height, "fit": fit}
        for name, (width, height, fit) in RENDITIONS.items()
    ]
    permission = {"principal": "s3.amazonaws.com", "source_arn": f"arn:aws:s3:::{route.source}"}
    return {
        "listen": {"address": LOOPBACK, "port": ports[0]},
        "admin": {"address": LOOPBACK, "port": ports[1]},
        "state": {"dir": str(state_dir)},
        "stores": {store.name: store.settings([notification]) for store in stores},
        "functions": {
            FUNCTION: {
                "builtin": "thumbnail",
                "renditions": renditions,
                "output": {"bucket": route.thumbs},
                "permissions": [permission],
            }
        },
    }


@dataclasses.dataclass(frozen=True)
class Route:
    """From which bucket to which, and which keys."""

    source: str
    thumbs: str
    prefix: str = ""
    suffix: str = ""


class Metrics:
    """One reading of /metrics."""

    SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.M)
    LABEL = re.compile(r'(\w+)="([^"]*)"')

    def __init__(self, text):
        self.samples = [
            (name, dict(self.LABEL.findall(labels or "")), float(value))
            for name, labels, value in self.SAMPLE.findall(text)
        ]

    def total(self, name, **labels):
        """The sum over all samples of that name that carry these labels."""
        return sum(
            value
            for sample, have, value in self.samples
            if sample == name and labels.items() <= have.items()
        )


class Onput:
    def __init__(self, ports, stores, route):
        """`ports` are the one for notifications and the one for metrics and health."""
        self.url = f"http://{LOOPBACK}:{ports[0]}"
        self.admin_url = f"http://{LOOPBACK}:{ports[1]}"
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="onput-serve-"))
        self.config = self.dir / "onput.yaml"
        settings = configuration(ports, self.dir / "state", stores, route)
        self.config.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
        self.process = None

    def start(self):
        """Start it. A port that a passing connection holds for a moment is tried again."""
        deadline = time.monotonic() + PORT_TIMEOUT_S
        argv = [os.environ["ONPUT_BIN"], "serve", "--config", self.config]
        while True:
            self.process = Process(argv, self.dir / "onput.log", env=self._environment())
            try:
                return self.process.wait_ready(self._is_ready, START_TIMEOUT_S)
            except PeerError as error:
                self.process.kill()
                if "in use" not in str(error) or time.monotonic() > deadline:
                    raise

    def _environment(self):
        """Nothing of the caller's AWS settings; what a sanitizer build needs stays."""
        kept = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
        return kept | {"PATH": "/usr/bin:/bin", "HOME": str(self.dir), "LC_ALL": "C.UTF-8"}

    def _get(self, path):
        with urllib.request.urlopen(self.admin_url + path, timeout=10) as answer:
            return answer.read().decode()

    def _is_ready(self):
        try:
            self._get("/readyz")
            return True
        except (urllib.error.URLError, OSError):
            return False

    def metrics(self):
        return Metrics(self._get("/metrics"))

    def log_text(self):
        return self.process.log_text()

    @property
    def running(self):
        return self.process is not None and self.process.child.poll() is None

    def stop(self):
        """SIGTERM; returns the exit code."""
        return self.process.stop()

    def kill(self):
        """As a power cut would: no chance to finish anything."""
        self.process.kill()

    def remove(self):
        if self.running:
            self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)
