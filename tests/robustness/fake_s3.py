"""A small S3 store in this process that fails on demand.

    store = FakeS3()
    etag = store.add("photos", "a.jpg", picture(1))
    store.script("GET", "photos/a.jpg", "500", "truncate")   # the first two GETs; then it behaves
    store.script("PUT", "thumbnails/photos/a.jpg/.*", "403", forever=True)
    store.puts[("thumbnails", "photos/a.jpg/small.jpg")]      # every accepted PUT, oldest first

It refuses unsigned requests and bodies whose digest is not the announced one. Failures by name are
the methods of `Failures`.
"""

import collections
import dataclasses
import hashlib
import http.server
import re
import socket
import struct
import threading
import time
import urllib.parse

HUGE = 10 * 1024 * 1024 * 1024
SLOW_STEP_S = 0.05
HANG_S = 120


@dataclasses.dataclass(frozen=True)
class Put:
    """One accepted upload."""

    body: bytes
    headers: dict
    time: float

    @property
    def source_etag(self):
        return self.headers.get("x-amz-meta-onput-source-etag", "")


class Failures:
    """What may be done to a request instead of answering it. `h` is its handler, `body` what it brought."""

    @staticmethod
    def error(h, status, code, **headers):
        text = f"<Error><Code>{code}</Code><Message>On demand.</Message></Error>"
        h.answer(status, text.encode(), {"Content-Type": "application/xml"} | headers)

    def f_500(self, h, body):
        self.error(h, 500, "InternalError")

    def f_503(self, h, body):
        self.error(h, 503, "SlowDown")

    def f_403(self, h, body):
        self.error(h, 403, "AccessDenied")

    def f_404(self, h, body):
        self.error(h, 404, "NoSuchKey")

    def f_no_bucket(self, h, body):
        self.error(h, 404, "NoSuchBucket")

    def f_412(self, h, body):
        self.error(h, 412, "PreconditionFailed")

    def f_redirect(self, h, body):
        h.answer(307, b"", {"Location": h.server.store.trap_url})

    def f_proxy_page(self, h, body):
        h.answer(200, b"<html>Please log in to the network.</html>", {"Content-Type": "text/html"})

    def f_not_http(self, h, body):
        h.raw(b"220 mail.example.com ESMTP\r\n")

    def f_reset(self, h, body):
        h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        h.connection.close()
        h.close_connection = True

    def f_hang(self, h, body):
        h.server.store.wait_until_closed(h.connection, HANG_S)
        h.close_connection = True

    def f_truncate(self, h, body):
        whole = h.stored()
        h.head(200, len(whole.body), h.etag_header(whole))
        h.raw(whole.body[: len(whole.body) // 2])

    def f_slow_byte(self, h, body):
        whole = h.stored()
        h.head(200, len(whole.body), h.etag_header(whole))
        for at in range(len(whole.body)):
            h.raw(whole.body[at : at + 1])
            time.sleep(SLOW_STEP_S)

    def f_huge(self, h, body):
        h.head(200, HUGE, h.etag_header(h.stored()))
        h.raw(b"x" * 65536)

    def f_endless(self, h, body):
        h.head(200, None, h.etag_header(h.stored()) | {"Transfer-Encoding": "chunked"})
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        for _ in range(1024):
            h.raw(chunk, keep=True)
        h.close_connection = True

    def f_stored_but_500(self, h, body):
        h.server.store.accept_put(h.name, body, h.headers)
        self.error(h, 500, "InternalError")


FAILURES = Failures()


@dataclasses.dataclass
class Script:
    method: str
    pattern: re.Pattern
    actions: collections.deque
    forever: bool


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def log_message(self, *args):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:  # the daemon was killed, or gave up on us
            pass

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass

    @property
    def name(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path, errors="surrogateescape")
        bucket, _, key = path.lstrip("/").partition("/")
        return bucket, key

    def stored(self):
        return self.server.store.objects[self.name]

    def etag_header(self, stored):
        return {"ETag": f'"{stored.etag}"', "Last-Modified": "Sat, 01 Jan 2028 00:00:00 GMT"}

    def head(self, status, length, headers):
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string())
        for name, value in headers.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def raw(self, data, keep=False):
        """Bytes as they are; the connection is of no use afterwards."""
        self.wfile.write(data)
        self.wfile.flush()
        self.close_connection = not keep

    def answer(self, status, body=b"", headers=None):
        self.head(status, len(body), headers or {})
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def is_signed(self, body):
        announced = self.headers.get("x-amz-content-sha256", "")
        signature = self.headers.get("Authorization", "")
        return signature.startswith("AWS4-HMAC-SHA256 ") and announced == hashlib.sha256(body).hexdigest()

    def serve_one(self):
        store = self.server.store
        body = self.body()
        if not self.is_signed(body):
            store.faults.append(f"{self.command} {self.path} is not signed, or its digest is wrong")
        action = store.next_action(self.command, "/".join(self.name))
        if store.delay_s:
            time.sleep(store.delay_s)
        store.gate.wait(HANG_S)
        if action:
            getattr(FAILURES, "f_" + action)(self, body)
        else:
            getattr(self, "good_" + self.command)(body)

    do_GET = do_PUT = do_HEAD = do_DELETE = serve_one

    def good_GET(self, body):
        stored = self.server.store.objects.get(self.name)
        if stored is None:
            return FAILURES.f_404(self, body)
        if self.headers.get("If-Match", f'"{stored.etag}"') != f'"{stored.etag}"':
            return FAILURES.f_412(self, body)
        return self.answer(200, stored.body, self.etag_header(stored) | stored.headers)

    good_HEAD = good_GET

    def good_PUT(self, body):
        etag = self.server.store.accept_put(self.name, body, self.headers)
        self.answer(200, b"", {"ETag": f'"{etag}"'})

    def good_DELETE(self, body):
        self.server.store.objects.pop(self.name, None)
        self.answer(204)


@dataclasses.dataclass(frozen=True)
class Stored:
    body: bytes
    etag: str
    headers: dict


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A client that leaves is no news here."""


class FakeS3:
    def __init__(self):
        self.objects = {}
        self.puts = collections.defaultdict(list)
        self.requests = collections.Counter()
        self.faults = []
        self.scripts = []
        self.delay_s = 0
        self.gate = threading.Event()  # closed: every answer waits
        self.gate.set()
        self.lock = threading.Lock()
        self.trap_url = "http://127.0.0.1:9/trap"
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.store = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    def add(self, bucket, key, body):
        """Puts an object there without anybody asking; returns its eTag."""
        etag = hashlib.md5(body).hexdigest()
        self.objects[(bucket, key)] = Stored(body, etag, {"Content-Type": "application/octet-stream"})
        return etag

    def accept_put(self, name, body, headers):
        lower = {k.lower(): v for k, v in headers.items()}
        kept = {k: v for k, v in lower.items() if k.startswith("x-amz-meta-") or k == "content-type"}
        with self.lock:
            self.puts[name].append(Put(body, kept, time.monotonic()))
            etag = hashlib.md5(body).hexdigest()
            self.objects[name] = Stored(body, etag, kept)
        return etag

    def script(self, method, pattern, *actions, forever=False):
        for action in actions:
            getattr(FAILURES, "f_" + action)
        with self.lock:
            self.scripts.append(Script(method, re.compile(pattern), collections.deque(actions), forever))

    def next_action(self, method, path):
        with self.lock:
            self.requests[(method, path)] += 1
            for script in self.scripts:
                if script.method == method and script.actions and script.pattern.fullmatch(path):
                    return script.actions[0] if script.forever else script.actions.popleft()
        return None

    def count(self, method, path):
        with self.lock:
            return self.requests[(method, path)]

    @staticmethod
    def wait_until_closed(connection, seconds):
        connection.settimeout(seconds)
        try:
            while connection.recv(65536):
                pass
        except OSError:
            pass
