"""onput behind a real Ceph RGW."""

import pytest

import keys
from process import wait_until
from scenarios import ForgettingScenarios, ResendingScenarios


class CephScenarios:
    EXTRA_KEYS = (keys.DOUBLE_SLASH, "/leading slash.jpg")

    @pytest.fixture
    def pipeline(self, ceph_pipeline):
        return ceph_pipeline


class TestDirectTopic(CephScenarios, ForgettingScenarios):
    """The gateway delivers inside the PUT and never again."""

    TARGET = "direct"

    def put_and_lose(self, pipe, key):
        pipe.put(key)


class TestPersistentTopic(CephScenarios, ResendingScenarios):
    """The gateway keeps the event and re-sends it without a pause until it gets a 2xx."""

    TARGET = "persistent"
    RESENDING_TARGET = "balanced"

    def shut(self, pipe):
        pipe.store.door.shut()

    def open(self, pipe):
        pipe.store.door.open()

    def wait_undelivered(self, pipe, count):
        tries = 3 * count
        wait_until(lambda: pipe.store.door.turned_away >= tries, 60, f"{tries} refused requests")


def test_wrong_secret_in_the_url_is_refused_and_leaves_nothing_behind(ceph_pipeline):
    pipe = ceph_pipeline()
    pipe.connect("wrong")
    pipe.put("refused.jpg", "red")
    wait_until(lambda: pipe.refused() >= 1, 30, "a refused request")
    assert pipe.refused() == 1
    assert pipe.onput.metrics().total("onput_events_received_total") == 0
    assert pipe.attempts() == {"done": 0, "skipped": 0, "retry": 0, "dead": 0}
