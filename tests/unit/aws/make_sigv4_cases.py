#!/usr/bin/env python3
"""Write fixtures/sigv4/<case>/: requests and every intermediate of their signatures; and
fixtures/sigv4_claims/<case>.txt: some of them as they arrive, signed.

The expected values come from botocore (pip install botocore==1.44.5), never from onput. Run it again
only to add a case, and review what it changes.
"""

import dataclasses
import datetime
import json
import pathlib
import sys
from unittest import mock
from urllib.parse import quote, urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TIME = "2026-11-21T19:14:20.000Z"
HOST = "127.0.0.1:9000"
TOKEN = "FwoGZXIvYXdzEBYaD/session+token=="


@dataclasses.dataclass
class Case:
    method: str = "GET"
    target: str = "/photos/cat.jpg"  # path and query exactly as sent
    headers: tuple = ()
    body: bytes = b""
    service: str = "s3"
    region: str = "us-east-1"
    host: str = HOST
    time: str = TIME
    token: str = ""
    unsigned: bool = False
    presign_s: int = 0
    access_key: str = "AKIDEXAMPLE"
    secret_key: str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@dataclasses.dataclass
class Signed:
    canonical_request: str
    string_to_sign: str
    signature: str
    headers: list  # as they were signed
    payload_hash: str
    target: str  # with the signature when it is in the query
    authorization: str  # or in this header


def signer_class(case):
    if case.service == "s3":
        return botocore.auth.S3SigV4QueryAuth if case.presign_s else botocore.auth.S3SigV4Auth
    return botocore.auth.SigV4QueryAuth if case.presign_s else botocore.auth.SigV4Auth


def recorder(case):
    """botocore's signer, keeping its intermediates."""

    class Recorder(signer_class(case)):
        def canonical_request(self, request):
            self.kept_canonical = super().canonical_request(request)
            return self.kept_canonical

        def signature(self, string_to_sign, request):
            self.kept_string = string_to_sign
            self.kept_signature = super().signature(string_to_sign, request)
            return self.kept_signature

    credentials = Credentials(case.access_key, case.secret_key, case.token or None)
    extra = {"expires": case.presign_s} if case.presign_s else {}
    return Recorder(credentials, case.service, case.region, **extra)


def sign(case):
    scheme = "https" if case.unsigned else "http"
    request = AWSRequest(case.method, f"{scheme}://{case.host}{case.target}", data=case.body)
    request.headers.add_header("Host", case.host)
    for name, value in case.headers:
        request.headers.add_header(name, value)
    if case.unsigned:
        config = mock.Mock()
        config.s3 = {"payload_signing_enabled": False}
        request.context["client_config"] = config
    now = datetime.datetime.fromisoformat(case.time.replace("Z", "+00:00"))
    auth = recorder(case)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now):
        auth.add_auth(request)
    headers = [(n, v) for n, v in request.headers.items() if n.lower() != "authorization"]
    payload_hash = auth.kept_canonical.rsplit("\n", 1)[1]
    return Signed(
        auth.kept_canonical,
        auth.kept_string,
        auth.kept_signature,
        headers,
        payload_hash,
        request.url.partition(case.host)[2],
        request.headers.get("Authorization", ""),
    )


def s3_key(key, **more):
    return Case(target="/photos/" + quote(key, safe="/-_.~"), **more)


def put(**more):
    more.setdefault("headers", (("Content-Type", "image/jpeg"),))
    return Case(method="PUT", body=b"not really a JPEG", **more)


ARN = "arn:aws:lambda:us-east-1:123456789012:function:thumbnail"
PREFIXES = (("X-Amz-Meta-A-B", "2"), ("X-Amz-Meta-A", "1"), ("X-Amz-Meta-A1", "3"))

CASES = {
    "plain-get": Case(),
    "root": Case(target="/"),
    "key-space": s3_key("summer 2026/cat photo.jpg"),
    "key-plus": s3_key("a+b+c.jpg"),
    "key-percent": s3_key("100%.jpg"),
    "key-percent-escape": s3_key("not%20a%20space.jpg"),
    "key-star-parentheses": s3_key("cat*(1)'.jpg"),
    "key-dollar-comma": s3_key("a$b,c;d:e@f=g.jpg"),
    "key-unreserved": s3_key("A-Za_z0.9~.jpg"),
    "key-hash-question": s3_key("who?#1&2!.jpg"),
    "key-double-slash": s3_key("//a//b.jpg"),
    "key-dot-segments": s3_key("a/../b/./c.jpg"),
    "key-utf8": s3_key("España/猫 🐈.jpg"),
    "key-control-bytes": s3_key("tab\tline\x7f.jpg"),
    "key-long": s3_key("k" * 1024),
    "query-unsorted": Case(target="/photos?prefix=p&list-type=2&encoding-type=url&max-keys=7"),
    "query-valueless": Case(target="/photos?notification"),
    "query-empty-value": Case(target="/photos?prefix=&delimiter=%2F"),
    "query-encoded-slash": Case(target="/photos?prefix=a%2Fb%20c%2Bd&list-type=2"),
    "query-repeated-name": Case(target="/photos?tag=b&tag=a&Tag=c"),
    "query-case-and-digits": Case(target="/photos?b=1&B=2&a1=3&a-1=4"),
    "query-version": Case(
        target="/photos/cat.jpg?versionId=3sL4kqtJlcpXroDTDmJ%2BrmSpXd3dIbrHY%2BMTRCxf3vjVBH40Nr8X8gdRQBpUMLUo",
        headers=(("If-Match", '"5eb63bbbe01eeed093cb22bb8f5acdc3"'),),
    ),
    "headers-common-prefix": put(headers=PREFIXES),
    "headers-inner-spaces": put(headers=(("X-Amz-Meta-Note", "  two   spaces\t and a tab  "),)),
    "headers-repeated": put(headers=(("X-Amz-Meta-N", "b"), ("X-Amz-Meta-N", "a"))),
    "headers-empty-value": put(headers=(("X-Amz-Meta-Empty", ""),)),
    "headers-not-signed": Case(headers=(("User-Agent", "curl/7.88.1"), ("Expect", "100-continue"))),
    "put-body": put(),
    "put-empty-body": Case(method="PUT"),
    "put-unsigned-payload": put(unsigned=True, host="store.example"),
    "session-token": Case(token=TOKEN),
    "region-and-port": Case(region="eu-central-1", host="store.example:8443"),
    "virtual-host": Case(host="photos.s3.amazonaws.com", target="/cat.jpg"),
    "new-year": Case(time="2027-01-01T00:00:00.000Z"),
    "presigned": Case(presign_s=3600),
    "presigned-awkward": s3_key("a b/ü+.jpg", presign_s=604800, token=TOKEN),
    "presigned-query": Case(target="/photos/cat.jpg?versionId=v%2F1", presign_s=1),
    "sts-assume-role": Case(
        method="POST",
        target="/",
        service="sts",
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
        body=b"Action=AssumeRole&Version=2011-06-15",
    ),
    "lambda-encoded-twice": Case(
        method="POST",
        target=f"/2015-03-31/functions/{quote(ARN, safe='')}/invocations?Qualifier=%24LATEST",
        service="lambda",
        headers=(("X-Amz-Invocation-Type", "Event"),),
        body=b'{"a":1}',
    ),
    "lambda-dot-segments": Case(target="/a/./b/../c//d/", service="lambda"),
    "lambda-parent-of-root": Case(target="/../../x", service="lambda"),
    "lambda-presigned": Case(target="/x%20y?q=1", service="lambda", presign_s=60),
    "lambda-tags-of-an-arn": Case(
        method="DELETE",
        target=f"/2017-03-31/tags/{quote(ARN, safe='')}?tagKeys=b%20c&tagKeys=a&tagKeys=b%20c&tagKeys=",
        service="lambda",
    ),
    "lambda-empty-body": Case(
        method="POST",
        target="/2015-03-31/functions/thumbnail/invocations",
        service="lambda",
        headers=(("X-Amz-Client-Context", "e30="), ("amz-sdk-request", "attempt=1")),
    ),
    "lambda-old-slash": Case(target="/2015-03-31/functions/?MaxItems=5", service="lambda"),
    "lambda-session-token": Case(
        method="PUT",
        target="/2015-03-31/functions/thumbnail/configuration",
        service="lambda",
        region="eu-central-1",
        token=TOKEN,
        body=b'{"Timeout":3}',
    ),
    "lambda-presigned-token": Case(
        method="POST",
        target="/2015-03-31/functions/thumbnail/invocations?Qualifier=%24LATEST",
        service="lambda",
        presign_s=900,
        token=TOKEN,
    ),
}


CLAIMS = ("plain-get", "put-body", "session-token", "presigned-awkward") + tuple(
    name for name in CASES if name.startswith("lambda-")
)


def write_claim(path, case):
    signed = sign(case)
    lines = [f"{case.method} {signed.target}"] + [f"{n}: {v}" for n, v in signed.headers]
    lines += [f"Authorization: {signed.authorization}"] if signed.authorization else []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def write_case(folder, case):
    signed = sign(case)
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{case.method} {case.target}"] + [f"{name}: {value}" for name, value in signed.headers]
    (folder / "request.txt").write_bytes("\n".join(lines).encode() + b"\n\n" + case.body)
    context = {
        "access_key": case.access_key,
        "secret_key": case.secret_key,
        "session_token": case.token,
        "region": case.region,
        "service": case.service,
        "time": case.time,
        "presign_s": case.presign_s,
        "payload_hash": signed.payload_hash,
    }
    (folder / "context.json").write_text(json.dumps(context, indent=2) + "\n")
    (folder / "canonical-request.txt").write_bytes(signed.canonical_request.encode())
    (folder / "string-to-sign.txt").write_bytes(signed.string_to_sign.encode())
    (folder / "signature.txt").write_text(signed.signature)


def main():
    fixtures = pathlib.Path(__file__).resolve().parents[3] / "fixtures"
    root = fixtures / "sigv4"
    for name, case in CASES.items():
        assert urlsplit("http://h" + case.target).fragment == "", name
        write_case(root / name, case)
    for name in CLAIMS:
        write_claim(fixtures / "sigv4_claims" / f"{name}.txt", CASES[name])
    print(f"{len(CASES)} cases in {root}, by botocore {botocore.__version__}")


if __name__ == "__main__":
    sys.exit(main())
