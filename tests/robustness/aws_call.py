"""Direct invocations: Signature Version 4 over one kind of request, with the standard library."""

import hashlib
import hmac
import time

ACCESS_KEY, SECRET_KEY = "AKIAROBUSTNESS", "robustness-secret-key"
REGION = "us-east-1"
USERS = {"caller": {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "root": True}}


def _mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _signature(date, canonical):
    scope = f"{date[:8]}/{REGION}/lambda/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = b"AWS4" + SECRET_KEY.encode()
    for part in scope.split("/"):
        key = _mac(key, part)
    return scope, _mac(key, f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}").hex()


def invoke_async(connection, function, payload):
    """The status of an Invoke of type Event over an http.client connection: 202 when it is accepted."""
    path = f"/2015-03-31/functions/{function}/invocations"
    host = f"{connection.host}:{connection.port}"
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    body_hash = hashlib.sha256(payload).hexdigest()
    signed = {"host": host, "x-amz-date": date, "x-amz-invocation-type": "Event"}
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    canonical = f"POST\n{path}\n\n{lines}\n{';'.join(signed)}\n{body_hash}"
    scope, signature = _signature(date, canonical)
    signed["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, "
        f"SignedHeaders={';'.join(signed)}, Signature={signature}"
    )
    connection.request("POST", path, payload, signed)
    reply = connection.getresponse()
    reply.read()
    return reply.status
