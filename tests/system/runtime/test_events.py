"""Notifications of a store, and the objects that functions make of them."""

import io
import json

import PIL.Image
import pytest

from calls import fail, run
from conftest import buckets, client
from server import PHOTOS, wait_until


def keys(s3, bucket):
    return {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


@pytest.mark.parametrize("name", ["dogs at the window.jpg", "Picos de Europa, España.jpg"])
def test_photos_are_made_smaller(onput, s3, name):
    """The whole way of the course: an object, its notification, a Python function with Pillow, another object."""
    key = f"2026/{name}"
    etag = s3.put_object(Bucket="album", Key=key, Body=(PHOTOS / name).read_bytes())["ETag"]
    assert onput.notify_of("album", key, etag) == "queued"
    wait_until(lambda: f"resized-{key}" in keys(s3, "album-resized"), onput.log_tail)
    picture = PIL.Image.open(io.BytesIO(s3.get_object(Bucket="album-resized", Key=f"resized-{key}")["Body"].read()))
    assert max(picture.size) == 128 and picture.format == "JPEG"


def test_a_function_is_told_of_an_object_as_on_lambda(onput, s3):
    etag = s3.put_object(Bucket="inbox", Key="a b/ü+.txt", Body=b"x")["ETag"].strip('"')
    onput.notify_of("inbox", "a b/ü+.txt", etag)
    wait_until(lambda: keys(s3, "inbox-notes"), onput.log_tail)
    key, = keys(s3, "inbox-notes")
    told = json.loads(s3.get_object(Bucket="inbox-notes", Key=key)["Body"].read())
    record, = told["event"]
    assert record["eventName"].removeprefix("s3:") == "ObjectCreated:Put"
    assert (record["s3"]["bucket"]["name"], record["s3"]["object"]["eTag"]) == ("inbox", etag)
    assert key == record["s3"]["object"]["key"]
    assert record["s3"]["object"]["key"] in ("a+b%2F%C3%BC%2B.txt", "a+b/%C3%BC%2B.txt")


def test_a_notification_without_permission_is_held(start):
    own = start()
    s3 = buckets(own)
    del own.settings["functions"]["photos"]["permissions"]
    own.stop()
    own.start()
    etag = s3.put_object(Bucket="album", Key="a.jpg", Body=b"x")["ETag"]
    assert own.notify_of("album", "a.jpg", etag) == "held"
    assert not own.workers("photos")


def test_an_object_that_is_no_photo_fails_in_words(start):
    own = start()
    own.settings["functions"]["photos"] |= {"max_attempts": 1}
    own.stop()
    own.start()
    s3 = buckets(own)
    etag = s3.put_object(Bucket="album", Key="a.jpg", Body=b"no photo")["ETag"]
    own.notify_of("album", "a.jpg", etag)
    wait_until(lambda: "UnidentifiedImageError" in own.log_text(), own.log_tail)


def test_a_role_without_keys_has_none(start):
    """The store has no STS and the role no keys: the function has to do without, never with the daemon's."""
    own = start()
    del own.settings["roles"]["studio"]["access_key"], own.settings["roles"]["studio"]["secret_key"]
    own.stop()
    own.start()
    s3 = buckets(own)
    s3.put_object(Bucket="words", Key="k", Body=b"x")
    api = client(own)
    told = run(api, "raw-settings", {"do": "environment"})
    assert "dev-access" not in json.dumps(told) and "dev-secret" not in json.dumps(told)
    assert "AWS_ACCESS_KEY_ID" not in told
    answer = fail(api, "python", {"do": "copy", "bucket": "words", "key": "k", "to": "shouts"})
    assert answer["errorType"] == "NoCredentialsError"
