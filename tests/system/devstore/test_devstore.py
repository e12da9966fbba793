"""The development store as boto3, the AWS CLI and curl see it.

Needs tests/system/requirements.txt and the program devstore-server; ONPUT_BIN_DIR names its folder.
"""

import base64
import hashlib
import http.server
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
import pytest

BIN = pathlib.Path(os.environ.get("ONPUT_BIN_DIR", "build/dev/bin"))
ARN = "arn:onput:sqs::demo:webhook"
KEYS = {"aws_access_key_id": "dev-access", "aws_secret_access_key": "dev-secret"}
AWKWARD = ["a b.jpg", "a+b%20&c.jpg", "España/ñ.jpg", "dir//x", "-._~!*'();:@=,?#[]", "ü" * 500]


class Receiver:
    """Takes notifications; refuses the first `failures` of them."""

    def __init__(self):
        self.bodies = queue.Queue()
        self.headers = []
        self.failures = 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.headers.append(dict(self.headers))
                refused = receiver.failures > 0
                receiver.failures -= refused
                self.send_response(503 if refused else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if not refused:
                    receiver.bodies.put(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events/demo"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def record(self):
        return json.loads(self.bodies.get(timeout=20))["Records"][0]


class Store:
    def __init__(self, directory, receiver):
        self.directory = directory
        self.receiver = receiver
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [BIN / "devstore-server", self.directory, ARN, self.receiver.url, "secret-token"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.endpoint = self.process.stdout.readline().strip()
        assert self.endpoint.startswith("http://127.0.0.1:")
        self.s3 = self.client()

    def client(self, **changes):
        return boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1",
                            config=botocore.config.Config(retries={"total_max_attempts": 1}, signature_version="s3v4"),
                            **{**KEYS, **changes})

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0
        self.process.stdout.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    it = Store(tmp_path_factory.mktemp("devstore"), Receiver())
    yield it
    it.stop()


@pytest.fixture
def bucket(store, request):
    name = "b-" + hashlib.md5(request.node.name.encode()).hexdigest()[:12]
    store.s3.create_bucket(Bucket=name)
    return name


def refused(call, code, status, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    return error


def test_buckets_come_and_go(store):
    store.s3.create_bucket(Bucket="come-and-go")
    assert "come-and-go" in [b["Name"] for b in store.s3.list_buckets()["Buckets"]]
    store.s3.head_bucket(Bucket="come-and-go")
    assert store.s3.get_bucket_location(Bucket="come-and-go")["LocationConstraint"] is None
    refused(store.s3.create_bucket, "BucketAlreadyOwnedByYou", 409, Bucket="come-and-go")
    store.s3.put_object(Bucket="come-and-go", Key="k", Body=b"x")
    refused(store.s3.delete_bucket, "BucketNotEmpty", 409, Bucket="come-and-go")
    store.s3.delete_object(Bucket="come-and-go", Key="k")
    store.s3.delete_bucket(Bucket="come-and-go")
    refused(store.s3.head_bucket, "404", 404, Bucket="come-and-go")
    refused(store.s3.list_objects_v2, "NoSuchBucket", 404, Bucket="come-and-go")


def test_bad_bucket_names_are_refused(store):
    for name in ["Upper", "ab", "a_b", "a..b", "-ab", ".uploads"]:
        url = f"{store.endpoint}/{name}"
        signed = curl(["-X", "PUT", url])
        assert b"InvalidBucketName" in signed, name


def test_an_object_keeps_what_was_put(store, bucket):
    put = store.s3.put_object(
        Bucket=bucket, Key="photo.jpg", Body=b"hello", ContentType="image/jpeg",
        CacheControl="max-age=60", ContentDisposition="inline", Metadata={"taken-by": "a b"})
    etag = '"' + hashlib.md5(b"hello").hexdigest() + '"'
    assert put["ETag"] == etag
    got = store.s3.get_object(Bucket=bucket, Key="photo.jpg")
    assert got["Body"].read() == b"hello"
    assert (got["ETag"], got["ContentType"], got["CacheControl"]) == (etag, "image/jpeg", "max-age=60")
    assert (got["ContentDisposition"], got["Metadata"]) == ("inline", {"taken-by": "a b"})
    assert "ContentEncoding" not in got
    head = store.s3.head_object(Bucket=bucket, Key="photo.jpg")
    assert (head["ContentLength"], head["Metadata"], head["AcceptRanges"]) == (5, {"taken-by": "a b"}, "bytes")
    assert head["LastModified"] == got["LastModified"]


@pytest.mark.parametrize("key", AWKWARD)
def test_awkward_keys_come_back(store, bucket, key):
    store.s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert store.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [o["Key"] for o in store.s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert [o["Key"] for o in store.s3.list_objects(Bucket=bucket)["Contents"]] == [key]
    store.s3.delete_object(Bucket=bucket, Key=key)
    refused(store.s3.get_object, "NoSuchKey", 404, Bucket=bucket, Key=key)


def test_keys_are_not_file_names(store, bucket):
    store.s3.put_object(Bucket=bucket, Key="../../../escape", Body=b"x")
    assert store.s3.get_object(Bucket=bucket, Key="../../../escape")["Body"].read() == b"x"
    names = sorted(p.name for p in (store.directory / bucket).iterdir())
    digest = hashlib.sha256(b"../../../escape").hexdigest()
    assert names == sorted([f"{digest}.data", f"{digest}.json", "bucket.json"])


def test_a_key_has_a_limit(store, bucket):
    store.s3.put_object(Bucket=bucket, Key="k" * 1024, Body=b"")
    refused(store.s3.put_object, "KeyTooLongError", 400, Bucket=bucket, Key="k" * 1025, Body=b"")


def test_ranges(store, bucket):
    store.s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    for asked, status, body, content_range in [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"), ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"), ("bytes=0-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"), ("items=1-2", 200, b"0123456789", None),
        ("bytes=4-2", 200, b"0123456789", None), ("bytes=1-2,4-5", 200, b"0123456789", None),
    ]:
        got = store.s3.get_object(Bucket=bucket, Key="k", Range=asked)
        assert (got["ResponseMetadata"]["HTTPStatusCode"], got["Body"].read(), got.get("ContentRange")) == (
            status, body, content_range), asked
    refused(store.s3.get_object, "InvalidRange", 416, Bucket=bucket, Key="k", Range="bytes=10-")


def test_conditions_of_a_read(store, bucket):
    etag = store.s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    assert store.s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)["Body"].read() == b"1"
    refused(store.s3.get_object, "PreconditionFailed", 412, Bucket=bucket, Key="k", IfMatch='"other"')
    refused(store.s3.get_object, "304", 304, Bucket=bucket, Key="k", IfNoneMatch=etag)
    assert store.s3.get_object(Bucket=bucket, Key="k", IfNoneMatch='"other"')["Body"].read() == b"1"
    modified = store.s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    refused(store.s3.get_object, "304", 304, Bucket=bucket, Key="k", IfModifiedSince=modified)


def test_conditions_of_a_write(store, bucket):
    etag = store.s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    refused(store.s3.put_object, "PreconditionFailed", 412, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    refused(store.s3.put_object, "PreconditionFailed", 412, Bucket=bucket, Key="k", Body=b"2", IfMatch='"x"')
    store.s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfMatch=etag)
    assert store.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"3"


def test_copy(store, bucket):
    store.s3.put_object(Bucket=bucket, Key="from ä", Body=b"abc", ContentType="text/x", Metadata={"a": "1"})
    source = {"Bucket": bucket, "Key": "from ä"}
    copied = store.s3.copy_object(Bucket=bucket, Key="to", CopySource=source)
    assert copied["CopyObjectResult"]["ETag"] == '"' + hashlib.md5(b"abc").hexdigest() + '"'
    got = store.s3.get_object(Bucket=bucket, Key="to")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"abc", "text/x", {"a": "1"})
    refused(store.s3.copy_object, "InvalidRequest", 400, Bucket=bucket, Key="from ä", CopySource=source)
    store.s3.copy_object(Bucket=bucket, Key="from ä", CopySource=source, MetadataDirective="REPLACE",
                         Metadata={"b": "2"})
    assert store.s3.head_object(**source)["Metadata"] == {"b": "2"}
    refused(store.s3.copy_object, "NoSuchKey", 404, Bucket=bucket, Key="x",
            CopySource={"Bucket": bucket, "Key": "missing"})


def test_listing_pages(store, bucket):
    keys = sorted([f"d{i}/f{j}" for i in range(5) for j in range(5)] + ["a", "b&<>", "z"])
    for key in keys:
        store.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    for name in ["list_objects_v2", "list_objects"]:
        for size in [1, 2, 7, 1000]:
            pages = store.s3.get_paginator(name).paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
            assert [o["Key"] for p in pages for o in p.get("Contents", [])] == keys
            pages = list(store.s3.get_paginator(name).paginate(
                Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": size}))
            assert [o["Key"] for p in pages for o in p.get("Contents", [])] == ["a", "b&<>", "z"]
            assert [c["Prefix"] for p in pages for c in p.get("CommonPrefixes", [])] == [
                f"d{i}/" for i in range(5)]
    page = store.s3.list_objects_v2(Bucket=bucket, Prefix="d3/", StartAfter="d3/f2")
    assert [o["Key"] for o in page["Contents"]] == ["d3/f3", "d3/f4"]
    assert page["KeyCount"] == 2
    assert store.s3.list_objects_v2(Bucket=bucket, MaxKeys=0)["KeyCount"] == 0
    refused(store.s3.list_objects_v2, "InvalidArgument", 400, Bucket=bucket, ContinuationToken="zz")


def test_delete_many(store, bucket):
    for key in ["a", "b <&> c", "d"]:
        store.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    deleted = store.s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b <&> c"}, {"Key": "never was"}]})
    assert [d["Key"] for d in deleted["Deleted"]] == ["a", "b <&> c", "never was"]
    assert "Deleted" not in store.s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "d"}], "Quiet": True})
    assert store.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_multipart(store, bucket):
    parts = [os.urandom(5 << 20), os.urandom(5 << 20), b"tail"]
    upload = store.s3.create_multipart_upload(Bucket=bucket, Key="k", ContentType="image/x",
                                              Metadata={"m": "1"})["UploadId"]
    place = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    done = [{"PartNumber": n + 1,
             "ETag": store.s3.upload_part(PartNumber=n + 1, Body=part, **place)["ETag"]}
            for n, part in enumerate(parts)]
    assert [p["Size"] for p in store.s3.list_parts(**place)["Parts"]] == [len(p) for p in parts]
    assert [u["UploadId"] for u in store.s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload]
    refused(store.s3.head_object, "404", 404, Bucket=bucket, Key="k")
    refused(store.s3.complete_multipart_upload, "InvalidPartOrder", 400,
            MultipartUpload={"Parts": [done[1], done[0], done[2]]}, **place)
    refused(store.s3.complete_multipart_upload, "InvalidPart", 400,
            MultipartUpload={"Parts": [{**done[0], "ETag": '"no"'}]}, **place)
    completed = store.s3.complete_multipart_upload(MultipartUpload={"Parts": done}, **place)
    digest = hashlib.md5(b"".join(hashlib.md5(p).digest() for p in parts)).hexdigest()
    assert completed["ETag"] == f'"{digest}-3"'
    got = store.s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"".join(parts), "image/x", {"m": "1"})
    refused(store.s3.complete_multipart_upload, "NoSuchUpload", 404,
            MultipartUpload={"Parts": done}, **place)


def test_multipart_aborted_and_too_small(store, bucket):
    place = {"Bucket": bucket, "Key": "k"}
    place["UploadId"] = store.s3.create_multipart_upload(**place)["UploadId"]
    done = [{"PartNumber": n, "ETag": store.s3.upload_part(PartNumber=n, Body=b"x", **place)["ETag"]}
            for n in (1, 2)]
    refused(store.s3.complete_multipart_upload, "EntityTooSmall", 400,
            MultipartUpload={"Parts": done}, **place)
    store.s3.abort_multipart_upload(**place)
    refused(store.s3.upload_part, "NoSuchUpload", 404, PartNumber=3, Body=b"x", **place)
    assert list((store.directory / ".uploads").iterdir()) == []


def test_digests_are_verified(store, bucket):
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    refused(store.s3.put_object, "BadDigest", 400, Bucket=bucket, Key="k", Body=b"1", ContentMD5=wrong)
    refused(store.s3.put_object, "InvalidDigest", 400, Bucket=bucket, Key="k", Body=b"1", ContentMD5="xx")
    url = f"{store.endpoint}/{bucket}/k"
    answer = curl(["-X", "PUT", "-d", "abc", "-H", "x-amz-content-sha256: " + "0" * 64, url])
    assert b"XAmzContentSHA256Mismatch" in answer


def test_strangers_are_refused(store, bucket):
    refused(store.client(aws_access_key_id="nobody").list_buckets, "InvalidAccessKeyId", 403)
    refused(store.client(aws_secret_access_key="wrong").list_buckets, "SignatureDoesNotMatch", 403)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{store.endpoint}/{bucket}/k")
    assert caught.value.code == 403 and b"<Code>AccessDenied</Code>" in caught.value.read()
    refused(store.client(aws_secret_access_key="wrong").put_object, "SignatureDoesNotMatch", 403,
            Bucket=bucket, Key="k", Body=os.urandom(8 << 20))


def test_presigned_urls(store, bucket):
    put = store.s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a b"})
    urllib.request.urlopen(urllib.request.Request(put, data=b"by url", method="PUT"))
    get = store.s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b"})
    assert urllib.request.urlopen(get).read() == b"by url"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(get[:-1] + ("1" if get[-1] == "0" else "0"))
    assert caught.value.code == 403


def test_what_is_missing_says_so(store, bucket):
    refused(store.s3.get_bucket_policy, "NotImplemented", 501, Bucket=bucket)
    refused(store.s3.put_object_tagging, "NotImplemented", 501, Bucket=bucket, Key="k", Tagging={"TagSet": []})


def chunked_put(store, bucket, body, sha, announced):
    return curl(["-X", "PUT", "--data-binary", "@-", "-H", f"x-amz-content-sha256: {sha}",
                 "-H", "content-encoding: aws-chunked", "-H", f"x-amz-decoded-content-length: {announced}",
                 f"{store.endpoint}/{bucket}/chunked"], body)


def test_aws_chunked_bodies(store, bucket):
    signature = b";chunk-signature=" + b"0" * 64
    signed = b"5" + signature + b"\r\nhello\r\n1" + signature + b"\r\n!\r\n0" + signature + b"\r\n\r\n"
    trailer = b"6\r\nhello!\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
    for body, sha in [(signed, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
                      (trailer, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")]:
        assert chunked_put(store, bucket, body, sha, 6) == b""
        got = store.s3.get_object(Bucket=bucket, Key="chunked")
        assert got["Body"].read() == b"hello!" and "ContentEncoding" not in got
        assert b"IncompleteBody" in chunked_put(store, bucket, body, sha, 7)
        assert b"IncompleteBody" in chunked_put(store, bucket, body[:-9], sha, 6)


def curl(arguments, body=b""):
    return subprocess.run(
        ["curl", "-sS", "--aws-sigv4", "aws:amz:us-east-1:s3", "-u", "dev-access:dev-secret", *arguments],
        input=body, capture_output=True, check=True).stdout


def test_curl_signs_for_itself(store, bucket, tmp_path):
    file = tmp_path / "photo.bin"
    file.write_bytes(os.urandom(300000))
    url = f"{store.endpoint}/{bucket}/dir/photo.jpg"
    curl(["-T", str(file), "-H", "content-type: image/jpeg", url])
    assert curl([url]) == file.read_bytes()
    assert store.s3.head_object(Bucket=bucket, Key="dir/photo.jpg")["ContentType"] == "image/jpeg"


def aws(store, *arguments):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "dev-access", "AWS_SECRET_ACCESS_KEY": "dev-secret",
                   "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": os.devnull}
    result = subprocess.run([sys.executable, "-m", "awscli", "--endpoint-url", store.endpoint, *arguments],
                            env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_aws_cli_copies_files(store, bucket, tmp_path):
    sent, back = tmp_path / "sent", tmp_path / "back"
    sent.write_bytes(os.urandom(20_000_000))
    aws(store, "s3", "cp", str(sent), f"s3://{bucket}/big file.bin")
    assert store.s3.head_object(Bucket=bucket, Key="big file.bin")["ETag"].endswith('-3"')
    aws(store, "s3", "cp", f"s3://{bucket}/big file.bin", str(back))
    assert back.read_bytes() == sent.read_bytes()
    assert "big file.bin" in aws(store, "s3", "ls", f"s3://{bucket}/")
    aws(store, "s3", "cp", str(sent), f"s3://{bucket}/small", "--content-type", "image/png")
    aws(store, "s3", "rm", f"s3://{bucket}", "--recursive")
    aws(store, "s3", "rb", f"s3://{bucket}")


def test_notification_configuration(store, bucket):
    assert "QueueConfigurations" not in store.s3.get_bucket_notification_configuration(Bucket=bucket)
    rule = {"Id": "one", "QueueArn": ARN, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": [
        {"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".jpg"}]}}}
    other = {"Id": "two", "LambdaFunctionArn": ARN, "Events": ["s3:ObjectRemoved:Delete"]}
    third = {"Id": "three", "TopicArn": ARN, "Events": ["s3:ObjectCreated:Copy"]}
    store.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "QueueConfigurations": [rule], "LambdaFunctionConfigurations": [other], "TopicConfigurations": [third]})
    got = store.s3.get_bucket_notification_configuration(Bucket=bucket)
    assert (got["QueueConfigurations"], got["LambdaFunctionConfigurations"], got["TopicConfigurations"]) == (
        [rule], [other], [third])
    for change in [{"QueueArn": "arn:aws:sqs:::nobody"}, {"Events": ["s3:Nonsense:*"]}]:
        refused(store.s3.put_bucket_notification_configuration, "InvalidArgument", 400, Bucket=bucket,
                NotificationConfiguration={"QueueConfigurations": [{**rule, **change}]},
                SkipDestinationValidation=True)


def subscribe(store, bucket, events, **filters):
    rules = [{"Name": k, "Value": v} for k, v in filters.items()]
    store.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "QueueConfigurations": [{"Id": "demo", "QueueArn": ARN, "Events": events,
                                 **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {})}]})


def test_notifications_tell_every_change_in_order(store, bucket):
    subscribe(store, bucket, ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])
    store.s3.put_object(Bucket=bucket, Key="in/wine & a+b ñ.jpg", Body=b"0123456789",
                        Metadata={"onput-function": "f"})
    store.s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "in/wine & a+b ñ.jpg"})
    place = {"Bucket": bucket, "Key": "many"}
    place["UploadId"] = store.s3.create_multipart_upload(**place)["UploadId"]
    etag = store.s3.upload_part(PartNumber=1, Body=b"xyz", **place)["ETag"]
    store.s3.complete_multipart_upload(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}, **place)
    store.s3.delete_object(Bucket=bucket, Key="copy")
    store.s3.delete_object(Bucket=bucket, Key="was never there")
    store.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "many"}]})
    records = [store.receiver.record() for _ in range(5)]
    assert [r["eventName"] for r in records] == [
        "ObjectCreated:Put", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload",
        "ObjectRemoved:Delete", "ObjectRemoved:Delete"]
    put = records[0]
    assert put["eventSource"] == "onput:s3" and put["awsRegion"] == "us-east-1"
    assert put["s3"]["bucket"]["name"] == bucket and put["s3"]["configurationId"] == "demo"
    thing = put["s3"]["object"]
    assert thing["key"] == "in/wine+%26+a%2Bb+%C3%B1.jpg" and thing["size"] == 10
    assert thing["eTag"] == hashlib.md5(b"0123456789").hexdigest()
    assert thing["userMetadata"] == {"X-Amz-Meta-Onput-Function": "f"}
    assert put["source"]["userAgent"].startswith("Boto3/")
    assert "size" not in records[3]["s3"]["object"] and records[3]["s3"]["object"]["key"] == "copy"
    order = [r["s3"]["object"]["sequencer"] for r in records]
    assert order == sorted(set(order)) and all(len(s) == 16 for s in order)
    assert store.receiver.headers[-1]["Authorization"] == "Bearer secret-token"


def test_notifications_are_filtered(store, bucket):
    subscribe(store, bucket, ["s3:ObjectCreated:Put"], prefix="in/", suffix=".jpg")
    for key in ["in/a.png", "out/a.jpg", "in/b.jpg"]:
        store.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    store.s3.delete_object(Bucket=bucket, Key="in/b.jpg")
    store.s3.put_object(Bucket=bucket, Key="in/last.jpg", Body=b"")
    assert [store.receiver.record()["s3"]["object"]["key"] for _ in range(2)] == ["in/b.jpg", "in/last.jpg"]


def test_notifications_are_sent_again_until_taken(store, bucket):
    subscribe(store, bucket, ["s3:ObjectCreated:*"])
    store.receiver.failures = 3
    for key in ["1", "2"]:
        store.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert [store.receiver.record()["s3"]["object"]["key"] for _ in range(2)] == ["1", "2"]


def test_everything_is_there_after_a_restart(store, bucket):
    store.s3.put_object(Bucket=bucket, Key="k ü", Body=b"kept", ContentType="x/y", Metadata={"a": "b"})
    subscribe(store, bucket, ["s3:ObjectCreated:*"])
    before = store.s3.head_object(Bucket=bucket, Key="k ü")
    store.stop()
    store.start()
    after = store.s3.get_object(Bucket=bucket, Key="k ü")
    assert after["Body"].read() == b"kept"
    for member in ["ETag", "LastModified", "ContentType", "Metadata"]:
        assert after[member] == before[member]
    store.s3.put_object(Bucket=bucket, Key="new", Body=b"")
    assert store.receiver.record()["s3"]["object"]["key"] == "new"
