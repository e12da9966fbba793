"""The photo pipeline behind a real MinIO, on the temporary credentials of its STS."""

import io

import PIL.Image
import pytest

import minio
from calls import fail, run
from conftest import client
from machine import Machine
from process import PeerError
from server import PHOTOS, TOKEN, wait_until

ROLE = {"policy": {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::album/*"},
    {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::album-resized/*"}]}}


@pytest.fixture(scope="module")
def both():
    """MinIO, and onput that it tells of its objects."""
    try:
        minio.program()
    except PeerError as error:
        pytest.skip(str(error))
    own = Machine()
    try:
        webhook = minio.Webhook("ONPUT", f"{own.endpoint}/events/minio", auth_token=TOKEN)
        with minio.Minio([webhook]) as store:
            own.change({"roles": {"photographer": ROLE}, "stores": {"minio": {
                "endpoint": store.endpoint, "access_key": store.access_key, "secret_key": store.secret_key, "sts": True,
                "webhook_token": TOKEN, "notifications": [{"bucket": "album", "function": "photos"}]}}})
            own.settings["stores"]["dev"]["webhook_token"] = TOKEN + "-of-dev"
            for function in ("photos", "python", "raw-settings"):
                own.settings["functions"][function] |= {"role": "photographer", "store": "minio"}
            for bucket in ("album", "album-resized", "private"):
                store.s3.create_bucket(Bucket=bucket)
            own.start()
            store.notify("album", "ONPUT", suffix=".jpg")
            yield store, own
            assert own.stop() == 0 and own.processes() == {}
    finally:
        own.remove()


def keys(s3, bucket):
    return {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


def test_the_photo_pipeline_runs_unmodified(both):
    store, own = both
    photos = {f"trip 1/{name}": PHOTOS / name for name in ("dogs at the window.jpg", "wine & music.jpg",
                                                           "Picos de Europa, España.jpg")}
    for key, path in photos.items():
        store.s3.put_object(Bucket="album", Key=key, Body=path.read_bytes())
    wait_until(lambda: keys(store.s3, "album-resized") == {f"resized-{key}" for key in photos},
               lambda: f"{keys(store.s3, 'album-resized')}\n{own.log_tail()}")
    for key in photos:
        body = store.s3.get_object(Bucket="album-resized", Key=f"resized-{key}")["Body"].read()
        assert max(PIL.Image.open(io.BytesIO(body)).size) == 128


def test_its_keys_are_temporary_and_of_its_role(both):
    store, own = both
    told = run(client(own), "python", {"do": "identity"})
    assert told["access_key"] not in (store.access_key, "dev-access") and told["has_token"]
    assert told["method"] == "container-role"  # which the SDK asks again before they end
    environment = run(client(own), "raw-settings", {"do": "environment"})
    assert "AWS_ACCESS_KEY_ID" not in environment
    assert environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith("http://127.0.0.1:")


def test_it_may_do_what_its_role_allows_and_no_more(both):
    store, own = both
    store.s3.put_object(Bucket="private", Key="k", Body=b"x")
    store.s3.put_object(Bucket="album", Key="k.txt", Body=b"x")
    api = client(own)
    assert run(api, "python", {"do": "copy", "bucket": "album", "key": "k.txt", "to": "album-resized"}) == 1
    for bucket, to in (("private", "album-resized"), ("album", "private")):
        told = fail(api, "python", {"do": "copy", "bucket": bucket, "key": "k" if bucket == "private" else "k.txt", "to": to})
        assert told["errorType"] in ("AccessDenied", "ClientError") and "AccessDenied" in told["errorMessage"]


def test_nobody_else_gets_its_keys(both):
    _, own = both
    api = client(own)
    environment = run(api, "raw-settings", {"do": "environment"})
    uri = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    address, path = uri.removeprefix("http://").split("/", 1)
    said = run(api, "raw", {"do": "trespass", "address": address, "path": "/" + path})
    assert all(code in (400, 401, 403, 404) or isinstance(code, str) for code in said.values()), said
