"""Write the event fixtures of MinIO and Ceph RGW from what the real stores send.

    python record_events.py minio|ceph_rgw FOLDER

Each case becomes FOLDER/<case>/notification.json (the body, byte for byte) and headers.txt (the
request line and the headers, byte for byte; the token was a dummy from the start). Identifiers and
times differ from run to run, so a new recording replaces what tests expect of the old one: record
only into an empty folder, or name the missing cases as further arguments.
"""

import pathlib
import sys

import ceph
import minio
from keys import AWKWARD, DOUBLE_SLASH
from recorder import Recorder

DUMMY_TOKEN = "dummy-token"
BUCKET = "photos"
VERSIONED = "photos-versioned"
PERSISTENT = "photos-persistent"
JPEG_START = bytes.fromhex("ffd8ffe000104a464946")
LATER = JPEG_START + b"2"
PART = JPEG_START + bytes(5 * 1024 * 1024)


class Steps:
    """The requests that cases are made of. A step returns how many notifications it causes."""

    def __init__(self, store):
        self.s3 = store.s3
        self.version = None
        self.upload = None

    def put(self, key="dir/photo.jpg", body=JPEG_START, bucket=BUCKET, **more):
        more |= {"Body": body, "ContentType": "image/jpeg"}
        put = self.s3.put_object(Bucket=bucket, Key=key, **more)
        self.version = put.get("VersionId")
        return 1

    def delete(self, key, bucket=BUCKET, **more):
        self.s3.delete_object(Bucket=bucket, Key=key, **more)
        return 1

    def delete_version(self, key):
        return self.delete(key, bucket=VERSIONED, VersionId=self.version)

    def delete_many(self, *keys):
        """Not for Ceph: radosgw 16.2.15 crashes on it when the bucket has a notification."""
        objects = [{"Key": key} for key in keys]
        self.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects, "Quiet": True})
        return len(keys)

    def copy(self, source, key):
        self.s3.copy_object(Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": source})
        return 1

    def start_upload(self, key):
        answer = self.s3.create_multipart_upload(Bucket=BUCKET, Key=key, ContentType="image/jpeg")
        self.upload = {"Bucket": BUCKET, "Key": key, "UploadId": answer["UploadId"]}
        return 0

    def complete_upload(self):
        parts = []
        for number, body in ((1, PART), (2, b"end")):
            answer = self.s3.upload_part(PartNumber=number, Body=body, **self.upload)
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self.s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **self.upload)
        return 1

    def tag(self, key):
        tags = {"TagSet": [{"Key": "season", "Value": "summer"}]}
        self.s3.put_object_tagging(Bucket=BUCKET, Key=key, Tagging=tags)
        return 1

    def get(self, key):
        self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return 1

    def head(self, key):
        self.s3.head_object(Bucket=BUCKET, Key=key)
        return 1


def common_cases(do):
    """Cases that both stores send; the last request of the last step becomes the fixture."""
    meta = {"thumb-of": "v 1", "camera": "X100"}
    cases = {"put_plain_key": [lambda: do.put("dir/photo.jpg")]}
    cases |= {f"put_key_{name}": [lambda k=key: do.put(k)] for name, key in AWKWARD.items()}
    cases |= {
        "put_overwrite": [lambda: do.put("over.jpg"), lambda: do.put("over.jpg", LATER)],
        "put_zero_bytes": [lambda: do.put("empty.jpg", b"")],
        "put_user_metadata": [lambda: do.put("meta.jpg", Metadata=meta, CacheControl="max-age=60")],
        "put_versioned": [lambda: do.put("v.jpg", bucket=VERSIONED)],
        "put_versioned_overwrite": [lambda: do.put("v.jpg", LATER, bucket=VERSIONED)],
        "delete_marker": [lambda: do.delete("v.jpg", bucket=VERSIONED)],
        "delete_version": [lambda: do.delete_version("v.jpg")],
        "copy": [lambda: do.put("source.jpg"), lambda: do.copy("source.jpg", "copied here.jpg")],
        "multipart_complete": [lambda: do.start_upload("big file.jpg"), do.complete_upload],
        "delete": [lambda: do.put("gone + 1.jpg"), lambda: do.delete("gone + 1.jpg")],
    }
    return cases


def record(recorder, cases, folder, wanted):
    for name, steps in cases.items():
        for step in steps:
            recorder.clear()
            expected = step()
            posts = recorder.wait_posts(expected)
        if wanted and name not in wanted:
            continue
        case = folder / name
        case.mkdir(parents=True)
        (case / "notification.json").write_bytes(posts[-1].body)
        (case / "headers.txt").write_bytes(posts[-1].head + b"\r\n")
        print(f"{name}: {len(posts[-1].body)} bytes")


def create_buckets(s3):
    for bucket in (BUCKET, VERSIONED, PERSISTENT):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=VERSIONED, VersioningConfiguration={"Status": "Enabled"})


def minio_targets(port):
    endpoint = f"http://127.0.0.1:{port}/events/minio"
    return [
        minio.Webhook("ONEWORD", endpoint, auth_token=DUMMY_TOKEN),
        minio.Webhook("TWOWORDS", endpoint, auth_token=f"Basic {DUMMY_TOKEN}"),
        minio.Webhook("OPEN", endpoint),
        minio.Webhook("QUEUED", endpoint, auth_token=DUMMY_TOKEN, queued=True),
    ]


def minio_only_cases(store, do):
    events = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectAccessed:*")

    def through(target):
        store.notify(BUCKET, target, events)
        return do.put("dir/photo.jpg")

    return {
        "delete_missing": [lambda: do.delete("never there.jpg")],
        "delete_many": [lambda: do.put("m1.jpg"), lambda: do.delete_many("m1.jpg")],
        "put_tagging": [lambda: do.put("tagged.jpg"), lambda: do.tag("tagged.jpg")],
        "access_get": [lambda: through("ONEWORD"), lambda: do.get("dir/photo.jpg")],
        "access_head": [lambda: do.head("dir/photo.jpg")],
        "auth_two_words": [lambda: through("TWOWORDS")],
        "auth_none": [lambda: through("OPEN")],
        "auth_queued": [lambda: through("QUEUED")],
    }


def record_minio(folder, wanted):
    with Recorder() as recorder, minio.Minio(minio_targets(recorder.port)) as store:
        create_buckets(store.s3)
        for bucket in (BUCKET, VERSIONED):
            store.notify(bucket, "ONEWORD")
        do = Steps(store)
        cases = common_cases(do) | minio_only_cases(store, do)
        record(recorder, cases, folder, wanted)


def record_ceph_rgw(folder, wanted):
    with Recorder() as recorder, ceph.CephRgw() as store:
        create_buckets(store.s3)
        do = Steps(store)
        endpoint = f"http://127.0.0.1:{recorder.port}/events/ceph/{DUMMY_TOKEN}"
        store.create_topic("direct", endpoint)
        more = {"persistent": True, "opaque": "opaque 1"}
        store.create_topic("persistent", endpoint + "?persistent", **more)
        for bucket in (BUCKET, VERSIONED):
            store.notify(bucket, "direct")
        store.notify(PERSISTENT, "persistent")
        cases = common_cases(do) | {
            "put_key_double_slash": [lambda: do.put(DOUBLE_SLASH)],
            "delete_missing": [lambda: do.delete("never there.jpg")],
            "put_persistent": [lambda: do.put("dir/photo.jpg", bucket=PERSISTENT)],
        }
        record(recorder, cases, folder, wanted)


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("minio", "ceph_rgw"):
        sys.exit(__doc__)
    recorders = {"minio": record_minio, "ceph_rgw": record_ceph_rgw}
    recorders[sys.argv[1]](pathlib.Path(sys.argv[2]), set(sys.argv[3:]))


if __name__ == "__main__":
    main()
