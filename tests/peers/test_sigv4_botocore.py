"""onput's signer against botocore's: the same random requests must get the same signatures.

The program is tests/unit/aws/sigv4_tool.c; it lies beside onput, or ONPUT_SIGV4_TOOL names it.
"""

import datetime
import os
import pathlib
import random
import subprocess
import sys
from urllib.parse import quote

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "unit" / "aws"))

import make_sigv4_cases as oracle  # noqa: E402

REQUESTS = 500
SEED = int(os.environ.get("ONPUT_SIGV4_SEED", "20261121"))
ALPHABET = "abcXYZ019 -._~/+%*()'$,;:@=&?#!\"<>\\^`{|}\t\n\x7féß日🐈"
HEADER_ALPHABET = "abcXYZ019 -._~/+%*()'$,;:@=&?#!\"<>\\^`{|}"
SERVICES = ("s3", "s3", "s3", "lambda", "sts", "sqs")


def tool():
    beside_onput = pathlib.Path(os.environ.get("ONPUT_BIN", "onput")).parent / "sigv4_tool"
    path = pathlib.Path(os.environ.get("ONPUT_SIGV4_TOOL", beside_onput))
    assert path.exists(), f"{path} is missing: build it, or name it in ONPUT_SIGV4_TOOL"
    return path


def word(rng, most, alphabet=ALPHABET, least=0):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(least, most)))


def random_query(rng):
    parts = []
    for _ in range(rng.randint(0, 5)):
        name = quote(word(rng, 8, least=1), safe="-_.~")
        valueless = rng.random() < 0.2
        parts.append(name if valueless else f"{name}={quote(word(rng, 12), safe='-_.~')}")
    return "?" + "&".join(parts) if parts else ""


def random_headers(rng):
    names = [f"X-Amz-Meta-{word(rng, 3, 'aB1-', 1)}" for _ in range(rng.randint(0, 5))]
    headers = [(name, word(rng, 20, HEADER_ALPHABET)) for name in names]
    return tuple(headers) + ((("Content-Type", "image/webp"),) if rng.random() < 0.5 else ())


def random_case(rng):
    presign_s = rng.choice((0, 0, 0, 1, 900, 604800))
    moment = datetime.datetime.fromtimestamp(rng.randint(1_500_000_000, 4_000_000_000), datetime.timezone.utc)
    path = "/" + "/".join(quote(word(rng, 10), safe="/-_.~") for _ in range(rng.randint(0, 4)))
    return oracle.Case(
        method=rng.choice(("GET", "PUT", "POST", "DELETE", "HEAD")),
        # A presigned query is parsed and written anew by botocore: repeated names would be lost.
        target=path + ("" if presign_s else random_query(rng)),
        headers=() if presign_s else random_headers(rng),
        body=b"" if presign_s else rng.randbytes(rng.choice((0, 1, 1000))),
        service=rng.choice(SERVICES),
        region=rng.choice(("us-east-1", "eu-central-1", "garage")),
        host=rng.choice(("127.0.0.1:9000", "s3.amazonaws.com", "store.example:8443")),
        time=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        token=rng.choice(("", "", "token+with/slash==")),
        presign_s=presign_s,
        secret_key=word(rng, 40, HEADER_ALPHABET, 1).strip() or "s",
    )


def block(case, signed):
    moment = datetime.datetime.fromisoformat(case.time.replace("Z", "+00:00"))
    path, _, query = case.target.partition("?")
    lines = [f"method {case.method}", f"path {path}", f"query {query}"]
    lines += [f"header {name}:{value}" for name, value in signed.headers]
    lines += [f"access_key {case.access_key}", f"secret_key {case.secret_key}"]
    lines += [f"session_token {case.token}", f"region {case.region}", f"service {case.service}"]
    lines += [f"time_ms {int(moment.timestamp()) * 1000}", f"presign_s {case.presign_s}"]
    lines += [f"payload_hash {signed.payload_hash}"]
    return "\n".join(lines) + "\n\n"


def test_random_requests_get_the_same_signatures():
    rng = random.Random(SEED)
    cases = [random_case(rng) for _ in range(REQUESTS)]
    signed = [oracle.sign(case) for case in cases]
    blocks = "".join(block(case, result) for case, result in zip(cases, signed))
    done = subprocess.run([tool()], input=blocks.encode(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    ours = done.stdout.decode().split()
    assert len(ours) == REQUESTS
    for case, expected, signature in zip(cases, signed, ours):
        assert signature == expected.signature, f"{case}\n{expected.canonical_request}"
