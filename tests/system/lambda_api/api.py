"""boto3's clients of the Lambda API, and what a test looks at: the answer as it was on the wire.

    answer = api.get_function(FunctionName="f")
    refused(answer, 404, "ResourceNotFoundException", "Function not found: ...")
"""

import io
import json
import re
import threading
import time
import zipfile

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions

import server

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
IPVE = "InvalidParameterValueException"
NOT_FOUND = "ResourceNotFoundException"
CONFLICT = "ResourceConflictException"
PRECONDITION = "PreconditionFailedException"
VALIDATION = "ValidationException"
DENIED = "AccessDeniedException"
# Which key of the body holds the text of an error.
CAPITAL = {NOT_FOUND, "ServiceException", DENIED}
UNTYPED = {VALIDATION, DENIED, "RequestEntityTooLargeException", "MissingAuthenticationTokenException",
           "InvalidSignatureException", "UnrecognizedClientException", "IncompleteSignatureException"}

_lock = threading.Lock()


class Answer:
    """status, headers and body as they came; json is the body parsed, parsed what botocore made of it, code the error
    that it saw or None."""

    def __init__(self, raw, parsed, code):
        self.status = raw["status_code"]
        self.headers = raw["headers"]
        self.parsed = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
        self.code = code
        self.body = b"" if "body" not in raw or not isinstance(raw["body"], bytes) else raw["body"]
        self.request_id = self.headers.get("x-amzn-RequestId")

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"Answer({self.status}, {self.code}, {dict(self.headers)}, {self.body[:2000]!r})"


class Api:
    """One user's boto3 client; every operation returns an Answer, also when it was refused."""

    def __init__(self, endpoint, user="root", region=server.REGION, **config):
        settings = {"retries": {"total_max_attempts": 1}, "parameter_validation": False,
                    "max_pool_connections": 80, "read_timeout": server.DEADLINE_S, **config}
        self.seen = threading.local()
        with _lock:
            self.client = boto3.session.Session().client(
                "lambda", endpoint_url=endpoint, region_name=region,
                aws_access_key_id=server.access_key(user), aws_secret_access_key=server.secret_key(user),
                aws_session_token=server.USERS.get(user, {}).get("session_token"),
                config=botocore.config.Config(**settings))
        self.client.meta.events.register("before-parse.lambda.*", self._keep)

    def _keep(self, response_dict, **_):
        self.seen.raw = dict(response_dict)

    def __getattr__(self, operation):
        method = getattr(self.client, operation)

        def call(**members):
            code = None
            try:
                parsed = method(**members)
            except botocore.exceptions.ClientError as error:
                parsed, code = error.response, error.response["Error"]["Code"]
            answer = Answer(self.seen.raw, parsed, code)
            for name in ("Payload", "EventStream"):
                if name in answer.parsed:
                    answer.stream = answer.parsed.pop(name)
            if hasattr(getattr(answer, "stream", None), "read"):
                answer.body = answer.stream.read()
            return answer
        return call


def function_arn(name, qualifier=None, account=server.ACCOUNT, region=server.REGION):
    arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def error_body(code, message, typed=True):
    """The body of an error, key by key."""
    body = {"Message" if code in CAPITAL else "message": message}
    return {"Type": "User", **body} if typed and code not in UNTYPED else body


def refused(answer, status, code, message, typed=True):
    """The whole error: status, header, exact body, what botocore understands. `message` is the text or a pattern."""
    assert (answer.status, answer.headers.get("x-amzn-ErrorType"), answer.code) == (status, code, code), answer
    assert answer.headers["Content-Type"] == "application/json", answer
    assert UUID.match(answer.request_id), answer
    body = answer.json
    if hasattr(message, "search"):
        text = body.get("Message" if code in CAPITAL else "message")
        assert text is not None and message.search(text), answer
        message = text
    assert body == error_body(code, message, typed), answer


def accepted(answer, status, fields=None):
    """A success with exactly these members in its body; None: no body at all."""
    assert (answer.status, answer.code) == (status, None), answer
    assert UUID.match(answer.request_id), answer
    if fields is None:
        assert answer.body == b"", answer
        return None
    assert answer.headers["Content-Type"] == "application/json", answer
    assert set(answer.json) == set(fields), answer
    return answer.json


def invalid(answer, *failures):
    """ValidationException; each failure is (value or None for null, path, constraint)."""
    count = len(failures)
    texts = [f"Value {'null' if value is None else repr_of(value)} at '{path}' failed to satisfy constraint: "
             f"Member must {constraint}" for value, path, constraint in failures]
    refused(answer, 400, VALIDATION,
            f"{count} validation error{'s' if count > 1 else ''} detected: " + "; ".join(texts))


def repr_of(value):
    return f"'{value}'"


def sign(method, url, body=b"", user="root", region=server.REGION, service="lambda", headers=None, **changes):
    """The headers that botocore's signer makes. `changes`: access_key, secret_key, token, signer."""
    credentials = botocore.credentials.Credentials(
        changes.get("access_key", server.access_key(user)), changes.get("secret_key", server.secret_key(user)),
        changes.get("token", server.USERS.get(user, {}).get("session_token")))
    request = botocore.awsrequest.AWSRequest(method, url, headers=headers or {}, data=body)
    changes.get("signer", botocore.auth.SigV4Auth)(credentials, service, region).add_auth(request)
    return request


def iso_time(text):
    """Lambda's form: 2025-11-25T02:26:54.123+0000"""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", text), text
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone


def zip_bytes(text="nothing"):
    """A small archive; the same text makes the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("handler.txt"), text)
    return out.getvalue()
