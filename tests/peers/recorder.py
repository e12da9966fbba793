"""A receiver that keeps every request byte for byte, and answers what it is told to answer.

It stands in for onput where a test wants to see what a store really sends, and record_events.py
writes the event fixtures from it. It understands just enough HTTP/1.1 to know where a request ends.
"""

import dataclasses
import json
import socketserver
import threading
import time

MAX_HEAD = 64 * 1024
MAX_BODY = 4 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Request:
    head: bytes  # request line and headers as received, without the empty line
    body: bytes

    @property
    def line(self):
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def headers(self):
        """Header names in lower case; the last of equal names wins."""
        pairs = (line.split(b":", 1) for line in self.head.split(b"\r\n")[1:])
        return {n.decode().lower(): v.strip().decode("latin-1") for n, v in pairs}

    @property
    def records(self):
        return json.loads(self.body).get("Records", []) if self.body else []


class _Connection(socketserver.StreamRequestHandler):
    def handle(self):
        while self._one_request():
            pass

    def _one_request(self):
        head = self._read_head()
        if not head:
            return False  # a bare connect is how a store asks whether anyone is there
        request = Request(head, b"")
        length = int(request.headers.get("content-length", "0"))
        if length > MAX_BODY:
            return False
        body = self.rfile.read(length)
        status = self.server.recorder.keep(Request(head, body))
        answer = f"HTTP/1.1 {status} Recorded\r\nContent-Length: 0\r\n\r\n"
        self.wfile.write(answer.encode())
        return True

    def _read_head(self):
        head = b""
        while len(head) < MAX_HEAD:
            line = self.rfile.readline(MAX_HEAD)
            if line in (b"\r\n", b"\n", b""):
                break
            head += line
        return head.removesuffix(b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A peer that goes away is not an error of the recorder."""


class Recorder:
    """`with Recorder() as r:` listens on 127.0.0.1 at r.port until the block ends."""

    def __init__(self, port=0, status=200):
        self.status = status
        self._requests = []
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _Connection)
        self._server.recorder = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def keep(self, request):
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
            return self.status

    @property
    def posts(self):
        """All POSTs that carried a body."""
        with self._changed:
            return [r for r in self._requests if r.line.startswith("POST ") and r.body]

    def clear(self):
        with self._changed:
            self._requests.clear()

    def wait_posts(self, count, timeout_s=30):
        """The first `count` POSTs with a body; AssertionError when they do not come in time."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                posts = [r for r in self._requests if r.line.startswith("POST ") and r.body]
                if len(posts) >= count:
                    return posts[:count]
                left = deadline - time.monotonic()
                assert left > 0, f"{len(posts)} of {count} notifications within {timeout_s} s"
                self._changed.wait(left)
