"""What every peer test starts with: the stores, once; buckets and a fresh onput, for each test."""

import itertools
import os
import pathlib

import pytest

import ceph
import minio
from door import Door
from onput import Onput, Route, Store
from pipeline import Pipeline
from process import LOOPBACK, free_ports

TOKEN = "peer-token-of-minio"
URL_SECRET = "peer-secret-of-ceph"
PHOTOS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "images" / "photos"

_numbers = itertools.count(1)


def pytest_configure(config):
    if "ONPUT_BIN" not in os.environ:
        pytest.exit("ONPUT_BIN must name the onput program; run.sh sets it", returncode=2)


@pytest.fixture(scope="session")
def ports():
    """Stores are told once where onput listens, so every onput of the session listens there."""
    return free_ports(2)


@pytest.fixture(scope="session")
def minio_store(ports):
    to_store = f"http://{LOOPBACK}:{ports[0]}/events/minio"
    to_open_store = f"http://{LOOPBACK}:{ports[0]}/events/open"
    targets = [
        minio.Webhook("QUEUED", to_store, auth_token=TOKEN, queued=True),
        minio.Webhook("SCHEME", to_store, auth_token=f"Bearer {TOKEN}"),
        minio.Webhook("WRONG", to_store, auth_token="not-" + TOKEN),
        minio.Webhook("MISSING", to_store),
        minio.Webhook("OPEN", to_open_store),
    ]
    with minio.Minio(targets) as store:
        yield store


@pytest.fixture(scope="session")
def ceph_store(ports):
    with Door(ports[0]) as door, ceph.CephRgw() as store:
        store.door = door
        path = f"/events/ceph/{URL_SECRET}"
        endpoint = f"http://{LOOPBACK}:{ports[0]}{path}"
        store.create_topic("direct", endpoint)
        store.create_topic("persistent", endpoint, persistent=True)
        balanced = f"http://{LOOPBACK}:{door.port}{path}"
        store.create_topic("balanced", balanced, persistent=True)
        store.create_topic("wrong", endpoint + "-not")
        yield store


def make_pipeline(store, ports, known_as, prefix="", suffix=""):
    """Two new buckets and an onput between them, not started; nothing is notified yet."""
    number = next(_numbers)
    route = Route(f"in{number}", f"out{number}", prefix, suffix)
    for bucket in (route.source, route.thumbs):
        store.s3.create_bucket(Bucket=bucket)
    return Pipeline(store, Onput(ports, known_as, route), route)


@pytest.fixture
def minio_pipeline(minio_store, ports):
    known_as = [Store("minio", minio_store, token=TOKEN), Store("open", minio_store)]
    yield from _pipelines(minio_store, ports, known_as)


@pytest.fixture
def minio_sts_pipeline(minio_store, ports):
    known_as = [Store("minio", minio_store, token=TOKEN, sts=True)]
    yield from _pipelines(minio_store, ports, known_as)


@pytest.fixture
def ceph_pipeline(ceph_store, ports):
    known_as = [Store("ceph", ceph_store, url_secret=URL_SECRET)]
    yield from _pipelines(ceph_store, ports, known_as)


def _pipelines(store, ports, known_as):
    """A function that makes the test's pipeline; what it made is checked and removed at the end."""
    made = []

    def make(**filters):
        made.append(make_pipeline(store, ports, known_as, **filters))
        return made[-1]

    yield make
    try:
        for pipeline in made:
            pipeline.finish()
    finally:
        for pipeline in made:
            pipeline.onput.remove()


@pytest.fixture(scope="session")
def shipped_photos():
    """The real photographs of the repository that the tests use, by file name."""
    names = ["dogs at the window.jpg", "Picos de Europa, España.jpg", "wine & music.jpg"]
    return {name: (PHOTOS / name).read_bytes() for name in names}
