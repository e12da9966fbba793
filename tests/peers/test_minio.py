"""onput behind a real MinIO."""

import pytest

import pictures
from process import wait_until
from scenarios import ForgettingScenarios, ResendingScenarios

ALL_EVENTS = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectAccessed:*")


class MinioScenarios:
    @pytest.fixture
    def pipeline(self, minio_pipeline):
        return minio_pipeline

    def test_multi_delete_removes_the_thumbnails_of_each(self, pipeline):
        pipe = pipeline()
        pipe.connect(self.TARGET)
        names = ["1 + 1.jpg", "2%.jpg", "stays.jpg"]
        for name in names:
            pipe.put(name, "red")
        pipe.wait_thumbs(dict.fromkeys(names, "red"))
        objects = [{"Key": name} for name in names[:2]]
        pipe.s3.delete_objects(Bucket=pipe.source, Delete={"Objects": objects})
        pipe.settle({"stays.jpg": "red"}, done=5)

    def test_tags_and_reads_render_nothing(self, pipeline):
        """MinIO files tag writes under ObjectCreated, and onput's own GET comes back as an event."""
        pipe = pipeline()
        pipe.connect(self.TARGET, events=ALL_EVENTS)
        pipe.put("photo.jpg", "green")
        pipe.wait_thumbs({"photo.jpg": "green"})
        tags = {"TagSet": [{"Key": "season", "Value": "summer"}]}
        pipe.s3.put_object_tagging(Bucket=pipe.source, Key="photo.jpg", Tagging=tags)
        pipe.s3.get_object(Bucket=pipe.source, Key="photo.jpg")["Body"].read()
        pipe.settle({"photo.jpg": "green"}, done=1)


class TestTokenAndQueueDirectory(MinioScenarios, ResendingScenarios):
    TARGET = RESENDING_TARGET = "QUEUED"

    def wait_undelivered(self, pipe, count):
        queued = pipe.store.queued_events
        wait_until(lambda: queued(self.TARGET) == count, 30, "events in the queue directory")

    def test_queue_directory_is_empty_in_the_end(self, pipeline):
        """MinIO deletes an event file only when onput's answer was a 2xx."""
        pipe = pipeline()
        pipe.connect(self.TARGET)
        pipe.put("photo.jpg", "red")
        pipe.put("broken.jpg", body=b"no picture")
        pipe.put("other.png", "blue")
        pipe.settle({"photo.jpg": "red", "other.png": "blue"}, done=2, dead=1)
        wait_until(lambda: pipe.store.queued_events(self.TARGET) == 0, 30, "empty queue directory")


class TestNeitherTokenNorQueueDirectory(MinioScenarios, ForgettingScenarios):
    TARGET = "OPEN"

    def put_and_lose(self, pipe, key):
        attempts = pipe.store.attempts_over(self.TARGET)
        pipe.put(key)
        wait_until(
            lambda: pipe.store.attempts_over(self.TARGET) > attempts, 60, "an attempt in vain"
        )


class TestAuthentication:
    def test_token_with_a_scheme_is_taken(self, minio_pipeline):
        pipe = minio_pipeline()
        pipe.connect("SCHEME")
        pipe.put("photo.jpg", "green")
        pipe.settle({"photo.jpg": "green"}, done=1)

    @pytest.mark.parametrize("target", ["WRONG", "MISSING"])
    def test_wrong_or_missing_token_leaves_nothing_behind(self, minio_pipeline, target):
        pipe = minio_pipeline()
        pipe.connect(target)
        pipe.put("refused.jpg", "red")
        wait_until(lambda: pipe.refused() >= 1, 30, "a refused request")
        assert pipe.refused() == 1
        assert pipe.onput.metrics().total("onput_events_received_total") == 0
        pipe.store.notify(pipe.source, "SCHEME")
        pipe.settle({}, done=0)


def test_temporary_credentials_do_all_the_work(minio_sts_pipeline):
    """Every S3 call runs on AssumeRole's keys: without them, or beyond their policy, nothing is done."""
    pipe = minio_sts_pipeline()
    pipe.connect("SCHEME")
    pipe.put("photo.jpg", "green")
    pipe.put("gone.jpg", "red")
    pipe.wait_thumbs({"photo.jpg": "green", "gone.jpg": "red"})
    pipe.s3.delete_object(Bucket=pipe.source, Key="gone.jpg")
    pipe.settle({"photo.jpg": "green"}, done=3)


def test_minio_refuses_double_slashes(minio_store):
    """Why EXTRA_KEYS is empty here: if this ever changes, the key belongs into the scenarios."""
    minio_store.s3.create_bucket(Bucket="slashes")
    with pytest.raises(minio_store.s3.exceptions.ClientError, match="XMinioInvalidObjectName"):
        minio_store.s3.put_object(Bucket="slashes", Key="a//b.jpg", Body=pictures.photo("red"))
