"""What must hold for every store and every way in which it can be told to notify.

A suite inherits Scenarios, and says in its `pipeline` fixture which store, and in TARGET which
webhook target or topic. The number of renders is exact everywhere: one for each content that a
source object had, and one attempt more for each removal.
"""

import concurrent.futures

import keys
import pictures
from pipeline import Photo
from process import wait_until

RESENDS = 20


class Scenarios:
    TARGET = None
    EXTRA_KEYS = ()  # keys that only this store takes

    def test_awkward_keys_arrive_unchanged(self, pipeline):
        pipe = pipeline()
        pipe.connect(self.TARGET)
        wanted = {}
        for key in [*keys.AWKWARD.values(), *self.EXTRA_KEYS]:
            wanted[key] = "green"
            pipe.put(key, "green")
        for name in ("space", "plus", "percent", "utf8"):
            key = "cli/" + keys.AWKWARD[name]
            wanted[key] = "blue"
            pipe.put_awscli(key, "blue")
        pipe.settle(wanted, done=len(wanted))

    def test_shipped_photos_are_upright_and_whole(self, pipeline, shipped_photos):
        pipe = pipeline()
        pipe.connect(self.TARGET)
        for name, body in shipped_photos.items():
            pipe.put(name, body=body)
        pipe.settle({name: Photo.of_file(body) for name, body in shipped_photos.items()}, done=3)

    def test_multipart_upload_is_one_object(self, pipeline):
        pipe = pipeline()
        pipe.connect(self.TARGET)
        pipe.put_multipart("parts + 5 MiB.jpg", pictures.big_photo("yellow"))
        pipe.put_awscli("cli/parts of 8 MiB.jpg", body=pictures.big_photo("blue"))
        pipe.settle({"parts + 5 MiB.jpg": "yellow", "cli/parts of 8 MiB.jpg": "blue"}, done=2)

    def test_overwrite_renders_the_new_content(self, pipeline):
        pipe = pipeline()
        pipe.connect(self.TARGET)
        pipe.put("photo.jpg", "red")
        pipe.wait_thumbs({"photo.jpg": "red"})
        pipe.put("photo.jpg", "blue")
        pipe.settle({"photo.jpg": "blue"}, done=2)

    def test_rapid_overwrites_end_with_the_last_content(self, pipeline):
        pipe = pipeline()
        pipe.connect(self.TARGET)
        for colour in ("red", "yellow", "blue", "green"):
            pipe.put("photo.jpg", colour)
        pipe.settle({"photo.jpg": "green"}, done=range(1, 5), together=4)

    def test_same_content_again_is_not_a_duplicate_event(self, pipeline):
        pipe = pipeline()
        pipe.connect(self.TARGET)
        pipe.put("photo.jpg", "red")
        pipe.wait_thumbs({"photo.jpg": "red"})
        pipe.delete("photo.jpg")
        pipe.wait_thumbs({})
        pipe.put("photo.jpg", "red")
        pipe.settle({"photo.jpg": "red"}, done=3)

    def test_copy_renders_the_copy(self, pipeline):
        pipe = pipeline()
        pipe.connect(self.TARGET)
        pipe.put("a + b.jpg", "yellow")
        source = {"Bucket": pipe.source, "Key": "a + b.jpg"}
        pipe.s3.copy_object(Bucket=pipe.source, Key="copy of (a + b).jpg", CopySource=source)
        pipe.settle({"a + b.jpg": "yellow", "copy of (a + b).jpg": "yellow"}, done=2)

    def test_delete_removes_the_thumbnails(self, pipeline):
        pipe = pipeline()
        pipe.connect(self.TARGET)
        pipe.put("stays.jpg", "green")
        pipe.put("a + b%.jpg", "red")
        pipe.wait_thumbs({"stays.jpg": "green", "a + b%.jpg": "red"})
        pipe.delete("a + b%.jpg")
        pipe.settle({"stays.jpg": "green"}, done=3)

    def test_versioned_bucket_shows_the_current_version(self, pipeline):
        pipe = pipeline()
        pipe.enable_versioning()
        pipe.connect(self.TARGET)
        old = pipe.put("photo.jpg", "red")
        pipe.wait_thumbs({"photo.jpg": "red"})
        new = pipe.put("photo.jpg", "blue")
        assert old and new and old != new
        pipe.settle({"photo.jpg": "blue"}, done=2)

    def test_delete_marker_removes_the_thumbnails(self, pipeline):
        pipe = pipeline()
        pipe.enable_versioning()
        pipe.connect(self.TARGET)
        pipe.put("photo.jpg", "red")
        pipe.wait_thumbs({"photo.jpg": "red"})
        pipe.delete("photo.jpg")
        pipe.settle({}, done=2)

    def test_deleting_an_old_version_leaves_the_thumbnails(self, pipeline):
        pipe = pipeline()
        pipe.enable_versioning()
        pipe.connect(self.TARGET)
        old = pipe.put("photo.jpg", "red")
        pipe.put("photo.jpg", "blue")
        pipe.wait_thumbs({"photo.jpg": "blue"})
        pipe.delete("photo.jpg", version=old)
        pipe.settle({"photo.jpg": "blue"}, done=range(1, 4), together=3)

    def test_only_keys_that_the_notification_of_onput_names(self, pipeline):
        pipe = pipeline(prefix="in + out/", suffix=".jpg")
        pipe.connect(self.TARGET)
        for key in ("elsewhere/a.jpg", "in + out/a.png", "in + out", "b.jpg"):
            pipe.put(key, "red")
        pipe.put("in + out/a.jpg", "green")
        pipe.settle({"in + out/a.jpg": "green"}, done=1)

    def test_only_keys_that_the_notification_of_the_store_names(self, pipeline):
        pipe = pipeline()
        pipe.connect(self.TARGET, prefix="fence", suffix=".jpg")
        for key in ("elsewhere/a.jpg", "fence/a.png"):
            pipe.put(key, "red")
        pipe.put("fence/a.jpg", "green")
        pipe.settle({"fence/a.jpg": "green"}, done=1)

    def test_what_is_no_picture_fails_once_and_holds_nothing_up(self, pipeline):
        pipe = pipeline()
        pipe.connect(self.TARGET)
        pipe.put("empty.jpg", body=b"")
        pipe.put("text.jpg", body=b"not a picture at all\n" * 100)
        pipe.put("cut off.jpg", body=pictures.photo("red")[:700])
        pipe.put("photo.jpg", "blue")
        counts = {"dead": range(2, 4), "skipped": range(0, 2), "together": 4}
        pipe.settle({"photo.jpg": "blue"}, done=1, **counts)

    def test_many_at_once(self, pipeline):
        pipe = pipeline()
        pipe.connect(self.TARGET)
        wanted = {f"many/{n}.jpg": list(pictures.COLOURS)[n % 4] for n in range(40)}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda item: pipe.put(*item), wanted.items()))
        pipe.settle(wanted, done=len(wanted))

    def test_what_was_acknowledged_survives_a_kill(self, pipeline):
        """The store was answered, then the power goes: every thumbnail must still come."""
        pipe = pipeline()
        pipe.connect(self.TARGET)
        wanted = {f"{n}.jpg": list(pictures.COLOURS)[n % 4] for n in range(RESENDS)}
        for key, colour in wanted.items():
            pipe.put(key, colour)
        wait_until(pipe.some_thumbs, 30, "the first thumbnail")
        self.wait_acknowledged(pipe, len(wanted))
        pipe.onput.kill()
        pipe.onput.start()
        pipe.wait_thumbs(wanted)

    def wait_acknowledged(self, pipe, count):
        """Wait until the store has been answered for `count` events."""
        name = "onput_events_decided_total"
        wait_until(
            lambda: pipe.onput.metrics().total(name, decision="queued") >= count,
            60,
            f"{count} events acknowledged",
        )


class ResendingScenarios(Scenarios):
    """For targets that keep an event until it was taken."""

    RESENDING_TARGET = None

    def test_events_wait_while_onput_is_down(self, pipeline):
        pipe = pipeline()
        self.shut(pipe)
        pipe.store.notify(pipe.source, self.RESENDING_TARGET)
        wanted = {f"early {n}.jpg": "yellow" for n in range(3)}
        for key, colour in wanted.items():
            pipe.put(key, colour)
        self.wait_undelivered(pipe, len(wanted))
        pipe.onput.start()
        self.open(pipe)
        pipe.settle(wanted, done=len(wanted))

    def test_events_wait_while_onput_restarts(self, pipeline):
        pipe = pipeline()
        self.open(pipe)
        pipe.connect(self.RESENDING_TARGET)
        pipe.put("before.jpg", "red")
        pipe.settle({"before.jpg": "red"}, done=1)
        self.shut(pipe)
        assert pipe.onput.stop() == 0
        pipe.put("meanwhile.jpg", "green")
        self.wait_undelivered(pipe, 1)
        pipe.restart()
        self.open(pipe)
        pipe.put("after.jpg", "blue")
        wanted = {"before.jpg": "red", "meanwhile.jpg": "green", "after.jpg": "blue"}
        pipe.settle(wanted, done=2)

    def wait_undelivered(self, pipe, count):
        """Wait until the store has tried and kept `count` events."""
        raise NotImplementedError

    def shut(self, pipe):
        """What must happen before onput goes away, beside its going."""

    def open(self, pipe):
        """What must happen when onput is back."""


class ForgettingScenarios(Scenarios):
    """For targets that try once."""

    def test_event_of_a_time_when_onput_is_down_is_lost_and_the_next_one_works(self, pipeline):
        pipe = pipeline()
        pipe.store.notify(pipe.source, self.TARGET)
        self.put_and_lose(pipe, "lost.jpg")
        pipe.onput.start()
        pipe.put("next.jpg", "green")
        pipe.settle({"next.jpg": "green"}, done=1)

    def put_and_lose(self, pipe, key):
        """Put a photo, and wait until the store has given up telling about it."""
        raise NotImplementedError
